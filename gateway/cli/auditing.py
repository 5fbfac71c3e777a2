"""`gateway audit`: its commands, put together."""

from __future__ import annotations

from gateway.cli import audit, audit_reading, erasing, retaining

app = audit.app
app.command("search")(audit_reading.search)
app.command("tail")(audit_reading.tail)
app.command("export")(audit_reading.export)
app.command("reindex")(audit_reading.reindex)
app.command("erase")(erasing.erase)
app.command("prune")(retaining.prune)
app.add_typer(retaining.holds, name="hold")
