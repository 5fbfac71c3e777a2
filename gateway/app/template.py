"""The `gateway.yaml` that `gateway init` writes: short, commented, nothing in it that is not a choice."""

from __future__ import annotations

TEMPLATE = """\
# Configuration of this gateway. Everything has a default; `gateway doctor --settings`
# shows every value and where it came from.
# The environment wins over this file: server.port is GATEWAY_SERVER__PORT. All settings: docs/configuration.md.

server:
  host: 127.0.0.1
  port: 8080

# Without a URL an embedded PostgreSQL runs in this folder. With one, keep the password out of this file:
# database:
#   url: {file: /run/secrets/database_url}

# The built-in answerer quotes documents and is always there. Ollama is found by itself at its usual address.
# Other models are listed here; the zone says where a model runs from your organisation's point of view.
# models:
#   - name: house-llama
#     provider: openai            # any server that speaks the OpenAI wire: vLLM, llama.cpp, ...
#     zone: private
#     base_url: http://10.0.0.5:8000/v1
#   - name: gpt-4.1-mini
#     provider: openai
#     zone: external
#     base_url: https://api.openai.com/v1
#     api_key: {env: OPENAI_API_KEY}
"""
