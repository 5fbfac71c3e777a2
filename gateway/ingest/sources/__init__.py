"""Places outside that collections are kept in step with: folders, buckets, web pages, mailboxes."""

from __future__ import annotations

from gateway.ingest.sources.bucket import Bucket
from gateway.ingest.sources.folder import Folder
from gateway.ingest.sources.guard import Guard
from gateway.ingest.sources.mailbox import Mailbox
from gateway.ingest.sources.nouns import Place, Spec, Under
from gateway.ingest.sources.sources import Sources
from gateway.ingest.sources.sync import Wish
from gateway.ingest.sources.web import Web

__all__ = ["Bucket", "Folder", "Guard", "Mailbox", "Place", "Sources", "Spec", "Under", "Web", "Wish"]
