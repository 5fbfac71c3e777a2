"""Privacy: personal data found in texts, replaced by stable keyed tokens, and put back for who may see it.

`Redactor` finds and replaces; `Restorer` puts back, in streams too; `Vault` keeps what tokens stand for; `leaves` and
`replace_leaves` open a chat request; `find_originals` takes the last look at what is about to leave.
"""

from gateway.redaction.egress import find_originals
from gateway.redaction.entities import ENTITIES, Entity
from gateway.redaction.erasing import Holdings, Sought, Values
from gateway.redaction.kept import Kept, KeptValue
from gateway.redaction.messages import Leaf, leaves, replace_leaves
from gateway.redaction.nouns import Original, Redaction, VaultEntry
from gateway.redaction.parts import unscannable
from gateway.redaction.redactor import Redactor, cover
from gateway.redaction.restore import Known, Restorer, Restorers, mask, restore
from gateway.redaction.scan_output import OutputRule, Scan, detector_of
from gateway.redaction.surrogates import Renderer, Rendering
from gateway.redaction.tokens import find_tokens, mask_of, type_of, value_ids
from gateway.redaction.vault import Vault

__all__ = [
    "ENTITIES",
    "Entity",
    "Holdings",
    "Kept",
    "KeptValue",
    "Known",
    "Leaf",
    "Original",
    "OutputRule",
    "Redaction",
    "Redactor",
    "Renderer",
    "Rendering",
    "Restorer",
    "Restorers",
    "Scan",
    "Sought",
    "Values",
    "Vault",
    "VaultEntry",
    "cover",
    "detector_of",
    "find_originals",
    "find_tokens",
    "leaves",
    "mask",
    "mask_of",
    "replace_leaves",
    "restore",
    "type_of",
    "unscannable",
    "value_ids",
]
