"""A stream restored chunk by chunk says the same as the whole answer restored at once, however it is cut."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gateway.chat.restoring import Reading, StreamRestorer, answer_text, restore_answer
from gateway.chat.sight import Sight
from gateway.model import Json

SIGHT = Sight(
    values={"[PERSON_5vxgthc6w4xf]": 'Jane "JR" Roe', "[EMAIL_ADDRESS_nnzwfppayyc5]": "jane.roe@example.com"},
    masks={"[IBAN_CODE_sf7ezdm89514]": "[IBAN_CODE]"},
)
PIECES = st.lists(
    st.sampled_from(
        [
            "Dear ",
            "[PERSON_5vxgthc6w4xf]",
            "[PERSON_5vxgthc6w4xx]",
            ", ",
            "[EMAIL_ADDRESS_nnzwfppayyc5]",
            "[IBAN_CODE_sf7ezdm89514]",
            "[",
            "[PERSON_",
            "]\n",
            "Grüße 😀 ",
            "[1] ",
        ]
    ),
    max_size=8,
).map("".join)


def cut(data: st.DataObject, text: str) -> list[str]:
    places = sorted(set(data.draw(st.lists(st.integers(0, len(text)), max_size=12))))
    return [text[a:b] for a, b in pairwise([0, *places, len(text)]) if a < b]


def chunk(choice: int, delta: Json, finish: str | None = None) -> Json:
    return {"id": "x", "choices": [{"index": choice, "delta": delta, "finish_reason": finish}]}


def collect(chunks: list[Json]) -> tuple[dict[int, str], dict[tuple[int, int], str], dict[int, str]]:
    texts: dict[int, str] = {}
    arguments: dict[tuple[int, int], str] = {}
    finished: dict[int, str] = {}
    for one in chunks:
        for choice in one["choices"]:
            place, delta = choice["index"], choice["delta"]
            assert place not in finished, "text after the finish"
            texts[place] = texts.get(place, "") + (delta.get("content") or "")
            seen = set()
            for call in delta.get("tool_calls") or []:
                assert call["index"] not in seen, "one tool index twice in a chunk"
                seen.add(call["index"])
                key = (place, call["index"])
                arguments[key] = arguments.get(key, "") + call["function"].get("arguments", "")
            if choice["finish_reason"]:
                finished[place] = choice["finish_reason"]
    return texts, arguments, finished


@given(st.data())
def test_any_split_of_any_stream_gives_the_whole_restored(data: st.DataObject) -> None:
    texts = [data.draw(PIECES) for _ in range(data.draw(st.integers(1, 3)))]
    calls = [json.dumps({"note": data.draw(PIECES)}, ensure_ascii=data.draw(st.booleans())) for _ in texts]
    events: list[list[Json]] = []
    for place, (text, call) in enumerate(zip(texts, calls, strict=True)):
        own = [chunk(place, {"content": piece}) for piece in cut(data, text)]
        own += [
            chunk(place, {"tool_calls": [{"index": 0, "function": {"arguments": piece}}]}) for piece in cut(data, call)
        ]
        events.append([*own, chunk(place, {}, "stop")])
    restorer = StreamRestorer(Reading(SIGHT))
    out: list[Json] = []
    while any(events):
        place = data.draw(st.sampled_from([n for n, left in enumerate(events) if left]))
        out.extend(restorer.feed(events[place].pop(0)))
    whole = restore_answer(
        {
            "choices": [
                {"index": n, "message": {"content": t, "tool_calls": [{"function": {"arguments": c}}]}}
                for n, (t, c) in enumerate(zip(texts, calls, strict=True))
            ]
        },
        Reading(SIGHT),
    )
    said, arguments, finished = collect(out)
    for place, choice in enumerate(whole["choices"]):
        assert said.get(place, "") == choice["message"]["content"]
        restored = choice["message"]["tool_calls"][0]["function"]["arguments"]
        assert arguments.get((place, 0), "") == restored
        json.loads(restored)
        assert finished[place] == "stop"


def test_ordinary_text_is_not_held_back() -> None:
    restorer = StreamRestorer(Reading(SIGHT))
    for word in ("Every ", "word ", "comes ", "at ", "once. "):
        (out,) = restorer.feed(chunk(0, {"content": word}))
        assert out["choices"][0]["delta"]["content"] == word


def test_a_bracket_is_held_until_it_cannot_be_a_token_any_more() -> None:
    restorer = StreamRestorer(Reading(SIGHT))
    assert list(restorer.feed(chunk(0, {"content": "[PERSON_5vx"}))) == []
    (out,) = restorer.feed(chunk(0, {"content": "?"}))
    assert out["choices"][0]["delta"]["content"] == "[PERSON_5vx?"


def test_what_is_held_comes_out_with_the_finish() -> None:
    restorer = StreamRestorer(Reading(SIGHT))
    list(restorer.feed(chunk(0, {"content": "see [PERSON_"})))
    (out,) = restorer.feed(chunk(0, {}, "length"))
    assert out["choices"][0] == {
        "index": 0,
        "delta": {"content": "[PERSON_"},
        "finish_reason": "length",
        "logprobs": None,
    }


def test_role_and_empty_deltas_pass() -> None:
    restorer = StreamRestorer(Reading(SIGHT))
    (out,) = restorer.feed(chunk(0, {"role": "assistant", "content": ""}))
    assert out["choices"][0]["delta"] == {"role": "assistant", "content": ""}


def test_odd_shapes_of_servers_are_restored_and_recorded_too() -> None:
    answer: dict[str, Any] = {
        "choices": [
            {
                "index": 0,
                "message": {
                    "content": [{"type": "text", "text": "to [PERSON_5vxgthc6w4xf]"}, "odd"],
                    "function_call": {"name": "f", "arguments": '{"to": "[EMAIL_ADDRESS_nnzwfppayyc5]"}'},
                },
            }
        ]
    }
    done = restore_answer(answer, Reading(SIGHT))["choices"][0]["message"]
    assert done["content"][0]["text"] == 'to Jane "JR" Roe'
    assert json.loads(done["function_call"]["arguments"]) == {"to": "jane.roe@example.com"}
    assert "[PERSON_5vxgthc6w4xf]" in answer_text(answer)
    assert "[EMAIL_ADDRESS_nnzwfppayyc5]" in answer_text(answer)
    list(
        StreamRestorer(Reading(SIGHT)).feed(chunk(0, {"tool_calls": [{"index": "x", "function": {"arguments": "{}"}}]}))
    )


def call_of(name: str | None, arguments: str) -> Json:
    return {"index": 0, "function": {"name": name, "arguments": arguments} if name else {"arguments": arguments}}


def test_a_tool_that_policy_does_not_name_is_shown_types() -> None:
    sight = replace(SIGHT, tools=("mail_*", "note"))
    arguments = '{"to": "[EMAIL_ADDRESS_nnzwfppayyc5]", "iban": "[IBAN_CODE_sf7ezdm89514]"}'
    shown = {"mail_send": "jane.roe@example.com", "note": "jane.roe@example.com"}
    for name in ("mail_send", "note", "notes", "web_search", None):
        expected = {"to": shown.get(name or "", "[EMAIL_ADDRESS]"), "iban": "[IBAN_CODE]"}
        answer = {"choices": [{"index": 0, "message": {"content": "", "tool_calls": [call_of(name, arguments)]}}]}
        whole = restore_answer(answer, Reading(sight))["choices"][0]["message"]["tool_calls"][0]
        assert json.loads(whole["function"]["arguments"]) == expected
        stream = StreamRestorer(Reading(sight))
        pieces = [call_of(name, ""), *(call_of(None, arguments[at : at + 5]) for at in range(0, len(arguments), 5))]
        chunks = [out for piece in pieces for out in stream.feed(chunk(0, {"tool_calls": [piece]}))]
        chunks += stream.feed(chunk(0, {}, "tool_calls"))
        assert json.loads(collect(chunks)[1][0, 0]) == expected


def test_the_caller_s_own_text_is_restored_whatever_tools_policy_names() -> None:
    answer = {"choices": [{"index": 0, "message": {"content": "[EMAIL_ADDRESS_nnzwfppayyc5]"}}]}
    shown = restore_answer(answer, Reading(replace(SIGHT, tools=())))
    assert shown["choices"][0]["message"]["content"] == "jane.roe@example.com"


def test_an_answer_that_is_json_stays_json_though_nobody_asked_for_it() -> None:
    content = '{"who": "[PERSON_5vxgthc6w4xf]"}'
    answer = {"choices": [{"index": 0, "message": {"content": content}}]}
    shown = restore_answer(answer, Reading(SIGHT))["choices"][0]["message"]["content"]
    assert json.loads(shown) == {"who": 'Jane "JR" Roe'}
