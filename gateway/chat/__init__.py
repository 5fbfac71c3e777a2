"""The chat journey and its smaller sisters over plain texts. The only place where the order of the rooms lives."""

from gateway.chat.feedback import Feedback
from gateway.chat.find import Finder
from gateway.chat.journey import Chat
from gateway.chat.library import Library
from gateway.chat.options import Options, split
from gateway.chat.returns import Returns
from gateway.chat.support import Support
from gateway.chat.texts import Texts, scope_of
from gateway.chat.values import Answer, Streamed
from gateway.chat.vectors import Vectors

__all__ = [
    "Answer",
    "Chat",
    "Feedback",
    "Finder",
    "Library",
    "Options",
    "Returns",
    "Streamed",
    "Support",
    "Texts",
    "Vectors",
    "scope_of",
    "split",
]
