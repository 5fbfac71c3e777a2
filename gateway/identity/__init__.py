"""The identity room: who is asking. API keys for now."""

from gateway.identity.bootstrap import create_admin_once
from gateway.identity.credentials import from_headers, id_of, recordable
from gateway.identity.keys import KeyInfo, Keys

__all__ = ["KeyInfo", "Keys", "create_admin_once", "from_headers", "id_of", "recordable"]
