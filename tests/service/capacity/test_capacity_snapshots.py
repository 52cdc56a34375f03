"""Snapshots of what makes things: what the file no longer names is retired, unless something depends on it; consumers are told."""

from typing import Any

from tests.service.capacity.capacity_caller import Caller, Json


async def send(call: Caller, text: str, kind: str, mode: str = "delta") -> Json:
    """Import a file that can be read; return the finished job."""
    answer = await call.post("/v1/imports", params={"kind": kind, "mode": mode}, content=text, headers={"Content-Type": "text/csv"})
    assert answer.status_code == 200, answer.text
    job: Json = answer.json()
    assert job["status"] == "done"
    return job


def figures(job: Json) -> tuple[int, int, int]:
    return job["applied"], job["unchanged"], job["failed"]


async def test_a_snapshot_retires_what_it_does_not_name_and_keeps_what_others_name(call: Caller) -> None:
    resources = "resource,site,group\nSAW-A,F,\nSAW-B,F,\nANN,F,POOL\nBEN,F,POOL\nCAT,F,OTHERS\n"
    assert figures(await send(call, resources, "resources")) == (5, 0, 0)
    routings = "sku,site,sequence,minutes_per_unit,resources,groups\nX,F,10,5,SAW-A,POOL\nY,F,10,5,SAW-B,\n"
    assert figures(await send(call, routings, "routings")) == (2, 0, 0)

    job = await send(call, routings.partition("Y,")[0], "routings", "snapshot")
    assert (figures(job), job["closed"], job["warnings"]) == ((0, 1, 0), 1, [])
    assert (await call.get("/v1/routings/Y")).status_code == 404
    assert [each["sku"] for each in (await call.read("routings"))["data"]] == ["X"]

    job = await send(call, "resource,site\nCAT,F\n", "resources", "snapshot")
    assert (job["closed"], job["warnings"]) == (
        2,
        ["resource BEN stays because routing X names it or its pool", "resource SAW-A stays because routing X names it or its pool"],
    )
    assert sorted(each["resource"] for each in (await call.read("resources"))["data"]) == ["BEN", "CAT", "SAW-A"]
    assert (await send(call, "resource,site\nCAT,F\n", "resources", "snapshot"))["closed"] == 0, "again changes nothing"

    _, told = await call.snapshot()
    gone: dict[str, Any] = {
        getattr(each, "resource", "") or getattr(each, "sku", ""): each for each in told if getattr(each, "retired", False)
    }
    assert sorted(gone) == ["ANN", "SAW-B", "Y"], "a reader that starts anew is told of what is no longer"
    assert (gone["SAW-B"].capacity.weekly, gone["Y"].routings) == ((0,) * 7, ())

    assert figures(await send(call, "resource,site\nSAW-B,F\n", "resources")) == (1, 0, 0)
    back = await call.read("resources/SAW-B")
    assert (back["revision"], back["group"]) == (3, None)
