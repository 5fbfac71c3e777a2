"""A transparency log over the audit log's rows: RFC 6962 tree, C2SP tiles, checkpoints, cosignatures and proofs."""
