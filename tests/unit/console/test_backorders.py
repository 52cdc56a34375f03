"""The form of back orders as a question, and what a console that only looks refuses."""

import pytest
from httpx import ASGITransport, AsyncClient, MockTransport, Request, Response

from services.console.api.backorders import wish
from services.console.app import create_app
from services.console.board import Board
from services.console.gateway import Gateway
from services.console.handlers import Console
from services.console.settings import Settings


def test_the_form_becomes_the_body_of_a_simulation() -> None:
    fields = {"sku": "CHAIR", "site": "HAM", "at_risk": "yes", "default": "fill", "win": "SO-1, SO-2", "lose": "SO-3\r\nSO-4,"}
    assert wish(fields) == {
        "scope": {"skus": ["CHAIR"], "sites": ["HAM"], "at_risk": True},
        "strategies": {"orders": {"SO-3": "lose", "SO-4": "lose", "SO-1": "win", "SO-2": "win"}, "default": "fill"},
    }


def test_orders_alone_are_a_scope_and_who_must_win_wins_where_it_stands_in_both() -> None:
    assert wish({"win": "SO-1", "lose": "SO-2,SO-1"}) == {
        "scope": {"orders": ["SO-1", "SO-2"]},
        "strategies": {"orders": {"SO-2": "lose", "SO-1": "win"}},
    }


def test_what_is_left_open_is_left_to_the_classes() -> None:
    assert wish({"at_risk": "yes", "default": ""}) == {"scope": {"at_risk": True}}


@pytest.mark.parametrize("fields", [{}, {"default": "win"}, {"win": " , ", "sku": ""}])
def test_what_names_nobody_is_not_asked(fields: dict[str, str]) -> None:
    assert wish(fields) is None


@pytest.mark.parametrize("address", ["simulate", "apply"])
@pytest.mark.parametrize(
    ("host", "origin", "said"),
    [("127.0.0.1", "http://elsewhere", "came from another site"), ("0.0.0.0", None, "open to the network")],
)
async def test_a_form_of_another_site_and_a_console_open_to_the_network_move_nothing(
    address: str, host: str, origin: str | None, said: str
) -> None:
    settings = Settings(host=host)
    asked: list[Request] = []

    def answer(request: Request) -> Response:
        asked.append(request)
        return Response(200, json={})

    gateway = Gateway(settings, MockTransport(answer))
    app = create_app(settings)
    app.state.console = Console(settings, gateway, Board(1))
    async with AsyncClient(transport=ASGITransport(app), base_url="http://127.0.0.1") as client:
        fields = {"sku": "CHAIR", "repromise_id": "rep_1"}
        shown = await client.post(f"/backorders/{address}", data=fields, headers={"origin": origin} if origin else {})
    await gateway.close()
    assert said in shown.text
    assert asked == []
