"""How each kind of upstream is called; the keepers of aiohttp, ollama and litellm."""
