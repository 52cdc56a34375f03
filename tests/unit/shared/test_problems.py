"""Is every mistake told as a problem document, whatever is sent?"""

import json
import logging
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.bodies import refuse
from shared.problems import Problem, pointer_to

MEMBERS = {"type", "title", "status", "code", "detail", "instance", "retryable", "request_id", "errors"}
JSON = {"Content-Type": "application/json"}


def problem(answer: httpx.Response, status: int) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    document: dict[str, Any] = answer.json()
    assert document.keys() >= MEMBERS
    assert document["status"] == status
    assert document["retryable"] == (status in {429, 503})
    assert document["request_id"] == answer.headers["x-request-id"]
    return document


def pointers(document: dict[str, Any]) -> list[str]:
    return [error["pointer"] for error in document["errors"]]


async def test_an_unknown_path_is_a_problem_document(http: httpx.AsyncClient) -> None:
    assert problem(await http.get("/nowhere"), 404)["code"] == "NOT_FOUND"


async def test_a_query_parameter_that_is_not_there_is_refused_by_its_name_and_those_that_are_there_are_read(
    http: httpx.AsyncClient,
) -> None:
    found = problem(await http.get("/v1/orders", params={"limit": 1, "statuss": "open", "x": ""}), 422)
    assert pointers(found) == ["/statuss", "/x"]
    assert "cursor, limit" in found["errors"][0]["message"]
    assert (await http.get("/v1/orders", params={"limit": 1})).status_code == 200
    assert (await http.get("/livez", params={"x": 1})).status_code == 200


async def test_a_trailing_slash_is_another_path_and_never_a_redirect(http: httpx.AsyncClient) -> None:
    problem(await http.get("/v1/orders/"), 404)


async def test_a_wrong_method_says_which_ones_there_are(http: httpx.AsyncClient) -> None:
    answer = await http.delete("/v1/things/1")
    problem(answer, 405)
    assert answer.headers["allow"] == "GET"


async def test_a_refusal_carries_its_code_and_the_path(http: httpx.AsyncClient) -> None:
    document = problem(await http.get("/v1/things/7"), 404)
    assert (document["code"], document["instance"]) == ("UNKNOWN_THING", "/v1/things/7")
    assert document["type"] == "urn:pledge:problem:unknown-thing"


async def test_what_nobody_foresaw_is_a_500_that_tells_nothing(http: httpx.AsyncClient, capfd: pytest.CaptureFixture[str]) -> None:
    answer = await http.get("/v1/broken", headers={"X-Request-Id": "ask-me-1"})
    assert problem(answer, 500)["request_id"] == "ask-me-1"
    assert "swordfish" not in answer.text
    logged = [json.loads(line) for line in capfd.readouterr().err.splitlines()]
    assert any("swordfish" in line.get("exception", "") and line["request_id"] == "ask-me-1" for line in logged)


async def test_half_an_answer_is_cut_off_and_not_ended_politely(app: Any) -> None:
    raising = httpx.ASGITransport(app, raise_app_exceptions=True)
    async with httpx.AsyncClient(transport=raising, base_url="http://trial") as strict:
        with pytest.raises(RuntimeError, match="the other half"):
            await strict.get("/v1/half")


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({"lines": [{"sku": "A", "quantity": 0}]}, "/lines/0/quantity", "quantity_positive"),
        ({"lines": [{"sku": "A", "quantity": True}]}, "/lines/0/quantity", "quantity_type"),
        ({"lines": [{"sku": "A", "quantity": "NaN"}]}, "/lines/0/quantity", "quantity_type"),
        ({"lines": [{"sku": "A", "quantity": 1.0000001}]}, "/lines/0/quantity", "quantity_decimals"),
        ({"lines": [{"sku": "A", "quantity": 10**9}]}, "/lines/0/quantity", "quantity_range"),
        ({"lines": [{"sku": "A", "quantity": 1}, {"quantity": 1}]}, "/lines/1/sku", "missing"),
        ({"lines": [{"sku": "A", "quantity": 1, "quantty": 1}]}, "/lines/0/quantty", "extra_forbidden"),
        ({"lines": [{"sku": "A", "quantity": 1, "note": "a\0b"}]}, "/lines/0/note", "string_nul"),
        ({"lines": [{"sku": "A", "quantity": 1}], "a/b~c": 1}, "/a~1b~0c", "extra_forbidden"),
        ([], "", "model_attributes_type"),
        (None, "", "missing"),
        ("text", "", "model_attributes_type"),
    ],
)
async def test_a_wrong_field_is_pointed_at(http: httpx.AsyncClient, body: Any, pointer: str, code: str) -> None:
    document = problem(await http.post("/v1/orders", json=body), 422)
    assert (document["errors"][0]["pointer"], document["errors"][0]["code"]) == (pointer, code)


@pytest.mark.parametrize(
    ("raw", "pointer"),
    [
        (b'{"lines": [', ""),
        (b"[" * 100_000, ""),
        (b'{"a":' * 50_000 + b"1" + b"}" * 50_000, ""),
        (b"\xff\xfe", ""),
        (b'{"customer": "\xed\xa0\x80", "lines": []}', ""),
        ('{"customer": "é", "lines": []}'.encode("utf-16"), ""),
        (b'{"customer": "\\ud800", "lines": []}', "/customer"),
        (b'{"customer": "\\u0000", "lines": []}', "/customer"),
        (b'{"\\u0000": 1}', ""),
        (b'{"lines": [{"sku": "A", "quantity": ' + b"9" * 5000 + b"}]}", "/lines/0/quantity"),
        (b'{"lines": [{"sku": "A", "quantity": 1e999}]}', "/lines/0/quantity"),
        (b'{"lines": [{"sku": "A", "quantity": NaN}]}', "/lines/0/quantity"),
        (b'{"lines": [{"sku": "A", "quantity": -Infinity}]}', "/lines/0/quantity"),
        (b'{"lines": [{"sku": "A", "quantity": 1.00000000000000001}]}', "/lines/0/quantity"),
    ],
)
async def test_bytes_that_are_no_good_json_are_a_422(http: httpx.AsyncClient, raw: bytes, pointer: str) -> None:
    assert pointers(problem(await http.post("/v1/orders", content=raw, headers=JSON), 422))[0] == pointer


@pytest.mark.parametrize("called", [None, "application/JSON", "application/merge-patch+json"])
async def test_whatever_is_read_as_json_is_looked_through(http: httpx.AsyncClient, called: str | None) -> None:
    headers = {} if called is None else {"Content-Type": called}
    raw = b'{"customer": "\\u0000", "lines": []}'
    assert pointers(problem(await http.post("/v1/orders", content=raw, headers=headers), 422))[0] == "/customer"


async def test_a_body_that_is_not_called_json_is_a_422(http: httpx.AsyncClient) -> None:
    problem(await http.post("/v1/orders", content=b'{"lines": []}', headers={"Content-Type": "text/plain"}), 422)


async def test_a_pair_of_surrogates_is_one_good_character(http: httpx.AsyncClient) -> None:
    raw = b'{"customer": "\\ud83d\\ude00", "lines": [{"sku": "A", "quantity": "12.5"}]}'
    answer = await http.post("/v1/orders", content=raw, headers=JSON)
    assert answer.json()["quantities"] == ["12.5"]


async def test_long_digits_inside_a_text_are_fine(http: httpx.AsyncClient) -> None:
    answer = await http.post("/v1/orders", json={"customer": "1" * 40, "lines": [{"sku": "4006381333931", "quantity": 999999999.999999}]})
    assert answer.json()["quantities"] == ["999999999.999999"]


@pytest.mark.parametrize("address", ["/v1/things/a%00b", "/v1/orders?limit=1&cursor=a%00b"])
async def test_a_nul_in_the_address_is_a_422(http: httpx.AsyncClient, address: str) -> None:
    problem(await http.get(address), 422)


@pytest.mark.parametrize("limit", ["0", "501", "x", "1.5", "9" * 5000])
async def test_a_wrong_parameter_is_named(http: httpx.AsyncClient, limit: str) -> None:
    assert pointers(problem(await http.get("/v1/orders", params={"limit": limit}), 422)) == ["/limit"]


async def test_a_body_of_more_than_a_megabyte_is_a_413_whether_or_not_it_says_so(http: httpx.AsyncClient) -> None:
    async def pieces() -> Any:
        for _ in range(11):
            yield b" " * 100_000

    problem(await http.post("/v1/orders", content=b" " * 1_000_001, headers=JSON), 413)
    problem(await http.post("/v1/orders", content=pieces(), headers=JSON), 413)
    problem(await http.post("/v1/orders", content=b" " * 1_000_000, headers=JSON), 422)


async def test_a_streamed_import_has_no_such_limit(http: httpx.AsyncClient) -> None:
    answer = await http.post("/v1/imports", content=b"x" * 3_000_000, headers={"Content-Type": "text/csv"})
    assert answer.json() == {"bytes": 3_000_000}


@pytest.mark.parametrize(("given", "kept"), [("deal-1:2", True), ("a b", False), ("x" * 101, False), ("", False)])
async def test_a_good_request_id_is_echoed_and_a_bad_one_replaced(http: httpx.AsyncClient, given: str, kept: bool) -> None:  # noqa: FBT001
    echoed = (await http.get("/livez", headers={"X-Request-Id": given})).headers["x-request-id"]
    assert (echoed == given) is kept
    assert kept or echoed.startswith("req_")


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None, categories=None)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["sku", "quantity", "note", "x"]), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.fixed_dictionaries({"lines": st.lists(JSON_VALUES, max_size=2)}, optional={"customer": JSON_VALUES}))
async def test_no_json_value_is_ever_a_500(http: httpx.AsyncClient, body: dict[str, Any]) -> None:
    answer = await http.post("/v1/orders", content=json.dumps(body).encode(), headers=JSON)
    assert answer.status_code in {200, 422}


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(raw=st.binary(max_size=40))
async def test_no_bytes_are_ever_a_500(http: httpx.AsyncClient, raw: bytes) -> None:
    problem(await http.post("/v1/orders", content=raw, headers=JSON), 422)


def test_pointers_leave_out_what_is_not_in_the_body() -> None:
    assert pointer_to(("assume", 0, "receipt", "quantity"), {"assume": [{"kind": "receipt", "quantity": -1}]}) == "/assume/0/quantity"
    assert pointer_to(("lines", 3, "sku"), {"lines": []}) == "/lines/3"


def test_an_ordinary_body_is_not_parsed_twice() -> None:
    assert refuse(b'{"lines": [{"sku": "SKU-77", "quantity": 200.125}]}') is None


def test_a_problem_says_when_to_come_back() -> None:
    assert Problem(503, "BUSY", "Busy.").response("/x", "req").headers["retry-after"] == "1"
    assert "retry-after" not in Problem(409, "TAKEN", "Taken.").response("/x", "req").headers


def test_extra_members_never_hide_the_standard_ones() -> None:
    assert Problem(409, "TAKEN", "Taken.", extra={"code": "x", "offer": 1}).document("/x", "req")["code"] == "TAKEN"


def test_the_log_is_json_even_for_libraries(http: httpx.AsyncClient, capfd: pytest.CaptureFixture[str]) -> None:
    logging.getLogger("some.library").warning("odd: %s", "value")
    assert json.loads(capfd.readouterr().err.splitlines()[-1])["event"] == "odd: value"
