"""`gateway eval`: its commands, put together."""

from __future__ import annotations

from gateway.cli import evaluate, evaluate_grounding, evaluate_people, evaluate_retrieval

app = evaluate.app
app.command("people")(evaluate_people.people)
app.command("grounding")(evaluate_grounding.grounding)
app.command("retrieval")(evaluate_retrieval.retrieval)
