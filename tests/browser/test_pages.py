"""What a person sees, in a real browser."""

import re
import uuid
from datetime import date, timedelta
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Browser, Page, expect

from tests.browser.conftest import House, Watched, visiting
from tests.running import ServiceStarter

pytestmark = pytest.mark.browser


def card(page: Page, sku: str, site: str) -> str:
    """The selector of one book's card."""
    return f'article.book:has(h3:text-is("{sku}")):has(p:text("{site}"))'


async def test_every_book_is_a_picture_with_its_table(page: Page) -> None:
    await page.goto("/")
    await expect(page.get_by_role("status")).to_contain_text("23 books")
    assert await page.locator("article.book").count() == 12
    assert await page.locator("article.book svg[role=img]").count() == 12
    for figure in await page.locator("article.book figure").all():
        assert await page.locator(f"#{await figure.get_attribute('aria-details')} table").count() == 1
    await page.get_by_role("link", name="Next →").click()
    await expect(page.locator("article.book")).to_have_count(11)


async def test_a_change_of_stock_redraws_its_picture_and_leaves_the_open_table_and_the_focus(page: Page, house: House) -> None:
    await page.goto("/?q=cushion")
    await house.put_stock("FACTORY", "CUSHION", 41)
    await expect(page.locator("article.book .figures p").nth(1)).to_contain_text("41")
    await page.locator("article.book summary").click()
    await house.put_stock("FACTORY", "CUSHION", 77)
    await expect(page.locator("article.book .figures p").nth(1)).to_contain_text("77")
    await expect(page.locator("article.book details")).to_have_attribute("open", "")
    await expect(page.locator("article.book summary")).to_be_focused()


async def test_the_last_promises_appear_by_themselves_with_their_sentences(page: Page, house: House) -> None:
    await page.goto("/")
    customer = f"VISITOR-{uuid.uuid4().hex[:6]}"
    body = {"mode": "hold", "ttl_seconds": 60, "customer": customer, "lines": [{"sku": "SCREWS", "quantity": 3}]}
    answer = (await house.client.post(f"{house.quote.url}/v1/quotes", json=body)).json()
    row = page.locator(".promises li", has_text=customer)
    await expect(row).to_contain_text(answer["summary"])
    await expect(row).to_contain_text("held")
    await house.client.post(f"{house.quote.url}/v1/quotes/{answer['id']}/release", json={})
    await expect(row).to_contain_text("released")


async def test_the_filter_narrows_while_typing_and_the_stream_goes_on(page: Page, house: House) -> None:
    await page.goto("/")
    await page.keyboard.press("/")
    await page.keyboard.type("round shop-2")
    await expect(page.locator("article.book")).to_have_count(1)
    await expect(page).to_have_url(re.compile("q=round(%20|\\+)shop-2"))
    await expect(page.locator("#q")).to_be_focused()
    await house.put_stock("SHOP-2", "ROUND-TABLE", 8)
    await expect(page.locator("article.book .figures p").nth(1)).to_contain_text("8")
    await page.locator("#q").fill("no such thing")
    await expect(page.get_by_role("status")).to_contain_text("No item or site matches")


async def test_the_truth_clock_ticks_and_names_who_is_away(page: Page) -> None:
    await page.goto("/")
    clock = page.locator(".clock")
    await expect(clock).to_contain_text("FACTORY")
    await expect(clock).to_contain_text("notifier does not answer")
    before = await clock.locator("time").text_content()
    await expect(clock.locator("time")).not_to_have_text(before or "")


async def test_while_quote_is_away_the_page_says_so_keeps_its_pictures_and_heals(watched: Watched, house: House) -> None:
    page = watched.page
    await page.goto("/?q=screws")
    await expect(page.locator("article.book svg")).to_have_count(1)
    await house.quote.stop()
    try:
        await expect(page.locator(".clock .warning")).to_contain_text("quote does not answer")
        await expect(page.locator("article.book svg")).to_have_count(1)
    finally:
        house.quote.start()
    await house.quote.wait_ready()
    await expect(page.locator(".clock .warning")).not_to_contain_text("quote")
    await house.put_stock("FACTORY", "SCREWS", 640)
    await expect(page.locator("article.book .figures p").nth(1)).to_contain_text("640")
    await house.put_stock("FACTORY", "SCREWS", 501)


async def test_the_desk_answers_while_typing_then_holds_and_confirms(page: Page, house: House) -> None:
    await house.put_stock("FACTORY", "TABLE-LEG", 50)
    await house.on_hand("FACTORY", "TABLE-LEG", 50)
    await page.goto("/desk")
    await page.get_by_label("Item", exact=True).fill("TABLE-LEG")
    await page.get_by_label("Quantity").fill("2")
    answer = page.locator("#answer")
    await expect(answer.locator(".sentence")).to_contain_text("2 EA")
    await expect(answer.locator("pre")).to_contain_text("/v1/quotes")
    await page.get_by_role("button", name="Hold for 15 minutes").click()
    await expect(answer.locator(".status")).to_have_text("held")
    await expect(answer.locator("time[data-until]")).to_have_text(re.compile(r"^14:\d\d$|^15:00$"))
    await page.get_by_role("button", name="Confirm").click()
    await expect(answer.locator(".status")).to_have_text("confirmed")
    await expect(answer).to_contain_text("ord_")


async def test_the_desk_says_plainly_what_cannot_be_promised(page: Page) -> None:
    await page.goto("/desk?sku=NO-SUCH-CHAIR&quantity=5")
    await expect(page.locator("#answer .date")).to_have_text("No date")
    await expect(page.get_by_role("button", name="Confirm")).to_have_count(0)


async def test_one_book_opens_large_with_the_documents_behind_it(page: Page) -> None:
    await page.goto("/?q=cushion")
    await page.get_by_role("link", name="CUSHION").click()
    await expect(page.locator("h1")).to_have_text("CUSHION")
    await expect(page.locator("article.large svg")).to_have_count(1)
    await expect(page.locator("article.large table")).to_contain_text("PO-4")
    await page.get_by_role("link", name="Quote it").click()
    await expect(page.get_by_label("Item", exact=True)).to_have_value("CUSHION")


async def test_the_keyboard_goes_everywhere(page: Page) -> None:
    await page.goto("/")
    await page.keyboard.press("?")
    await expect(page.locator("dialog#help")).to_be_visible()
    await page.keyboard.press("Escape")
    await page.keyboard.press("g")
    await page.keyboard.press("q")
    await expect(page).to_have_url(re.compile("/desk$"))


async def test_the_load_of_each_resource_stands_in_its_days(page: Page) -> None:
    await page.goto("/load")
    rows = page.locator("table.heat tbody tr")
    await expect(rows.filter(has_text="SAW")).to_have_count(1)
    await expect(rows.filter(has_text="OPERATORS")).to_have_count(0)
    await expect(rows.filter(has_text="SAW").locator("td.full").first).to_have_text("100")
    await page.get_by_role("link", name="4 weeks").click()
    await expect(page.locator("table.heat thead th")).to_have_count(29)


async def test_planned_supply_looks_planned_in_the_picture_and_in_its_table(page: Page) -> None:
    await page.goto("/book?sku=CHAIR&site=WAREHOUSE")
    await expect(page.locator("article.large svg .planned").first).to_be_visible()
    await expect(page.locator("article.large table .entry.planned").first).to_contain_text("planned transfer")


async def test_the_desk_names_what_has_to_be_made_bought_and_moved(page: Page) -> None:
    await page.goto("/desk?sku=SQUARE-TABLE&site=SHOP-1&quantity=80")
    answer = page.locator("#answer")
    await expect(answer).to_contain_text("To be made, bought, moved")
    await expect(answer.locator("table").last).to_contain_text("FACTORY to WAREHOUSE")
    await page.get_by_label("Ship to").fill("NOWHERE")
    await expect(answer.locator(".date")).to_have_text("No date")


async def test_a_promise_at_risk_appears_by_itself_with_its_cause(page: Page, house: House) -> None:
    await page.goto("/promises")
    await expect(page.locator("main")).to_contain_text("the notifier service does not answer")
    await expect(page.locator("main")).to_contain_text("every promise holds")
    address = f"{house.inventory.url}/v1/receipts/DO-1"
    found = (await house.client.get(address)).json()
    body = {name: found[name] for name in ("kind", "site", "sku", "quantity", "from_site", "ship_date", "document")}
    later = (date.fromisoformat(found["due_date"]) + timedelta(days=14)).isoformat()
    (await house.client.put(address, json=body | {"due_date": later})).raise_for_status()
    row = page.locator("tr", has_text="DEMAND-04")
    await expect(row).to_contain_text("SQUARE-TABLE")
    await expect(row).to_contain_text("DO-1")
    (await house.client.put(address, json=body | {"due_date": found["due_date"]})).raise_for_status()
    await expect(page.locator("main")).to_contain_text("every promise holds")


async def test_why_this_date_is_a_picture_with_its_table_and_each_bar_leads_to_its_record(page: Page) -> None:
    await page.goto("/desk?sku=SQUARE-TABLE&site=SHOP-1&quantity=80")
    answer = page.locator("#answer")
    picture = answer.locator("svg.waterfall")
    await expect(picture).to_have_count(1)
    figure = answer.locator("figure.why")
    table = page.locator(f"#{await figure.get_attribute('aria-details')}")
    await expect(figure).to_have_attribute("role", "figure")
    days = [int(text) for text in await table.locator("td.n").all_inner_texts() if text]
    assert days
    assert await picture.locator("rect.days").count() == len(days)
    wanted = date.fromisoformat(await page.locator("#date").input_value())
    promised = wanted + timedelta(days=sum(days))
    await expect(answer.locator(".date")).to_contain_text(f"{promised.day} {promised:%b} {promised.year}")
    assert re.search(rf"promised for .*{promised.day} {promised:%b}", await picture.get_attribute("aria-label") or "")
    await picture.locator("a rect").first.click()
    await expect(page).to_have_url(re.compile(r"/(book\?sku=SQUARE-TABLE|load)"))


async def test_a_hold_of_the_desk_is_released_again(page: Page, house: House) -> None:
    await house.put_stock("FACTORY", "CHAIR-LEG", 60)
    await house.on_hand("FACTORY", "CHAIR-LEG", 60)
    await page.goto("/desk?sku=CHAIR-LEG&quantity=2")
    answer = page.locator("#answer")
    await page.get_by_role("button", name="Hold for 15 minutes").click()
    await expect(answer.locator(".status")).to_have_text("held")
    await page.get_by_role("button", name="Release").click()
    await expect(answer.locator(".status")).to_have_text("released")
    await expect(page.get_by_role("button", name="Confirm")).to_have_count(0)


async def two_orders(house: House, sku: str, site: str) -> tuple[str, str]:
    """The first has all that is there today, the last wanted as much and has to wait."""
    await house.put_stock(site, sku, 300)
    await house.on_hand(site, sku, 300)
    asked = {"sku": sku, "site": site}
    free = (await house.client.get(f"{house.quote.url}/v1/availability", params=asked)).json()["days"][0]["atp"]
    assert free > 0
    found = []
    for priority in (90, 10):
        line = {"sku": sku, "sites": [site], "quantity": free, "unit_price": "2.50", "currency": "EUR"}
        number = f"SO-{uuid.uuid4().hex[:8]}"
        body = {"external_id": number, "source_system": "CRM", "priority": priority, "lines": [line]}
        (await house.client.post(f"{house.quote.url}/v1/orders", json=body)).raise_for_status()
        found.append(number)
    return found[0], found[1]


async def promised(house: House, number: str) -> str:
    found = (await house.client.get(f"{house.quote.url}/v1/orders", params={"external_id": number})).json()["data"]
    return next(str(order["lines"][0]["promised_date"]) for order in found if order["external_id"] == number)


async def test_back_orders_are_looked_at_first_and_then_applied_if_nothing_has_moved(page: Page, house: House) -> None:
    sku, site = "WOODEN-BEAM", "FACTORY"
    first, last = await two_orders(house, sku, site)
    soon, later = await promised(house, first), await promised(house, last)
    assert soon < later
    await page.goto("/")
    await page.keyboard.press("g")
    await page.keyboard.press("b")
    await expect(page).to_have_url(re.compile("/backorders$"))
    await page.get_by_role("button", name="Simulate").click()
    answer = page.locator("#answer")
    await expect(answer).to_contain_text("Name an item, a site or orders")
    await page.get_by_label("Orders that must win").fill(last)
    await page.get_by_label("Orders that give way").fill(f"{first}, ")
    await page.get_by_role("button", name="Simulate").click()
    won, lost = answer.locator("section:has(#winners) tr", has_text=last), answer.locator("section:has(#losers) tr", has_text=first)
    await expect(won).to_contain_text("earlier")
    await expect(lost).to_contain_text("later")
    await expect(answer.locator(".verdict")).to_contain_text("one promise would win, one promise would lose")
    await expect(answer.locator(".verdict")).to_contain_text("EUR to those who win")
    assert (await promised(house, first), await promised(house, last)) == (soon, later), "nothing has moved yet"

    await house.put_stock(site, sku, 301)
    await house.on_hand(site, sku, 301)
    await page.get_by_role("button", name="Apply").click()
    await expect(answer.locator("[role=alert]")).to_contain_text("simulate again")
    await expect(won).to_have_count(1)
    assert (await promised(house, first), await promised(house, last)) == (soon, later)

    await page.get_by_role("button", name="Simulate").click()
    await expect(answer.locator("[role=alert]")).to_have_count(0)
    await page.get_by_label("Reason").fill("agreed with sales")
    await page.get_by_role("button", name="Apply").click()
    await expect(answer.locator(".status")).to_have_text("applied")
    await expect(page.get_by_role("button", name="Apply")).to_have_count(0)
    assert (await promised(house, last), await promised(house, first) > soon) == (soon, True)
    await page.get_by_label("Orders that must win").fill("NO-SUCH-ORDER")
    await page.get_by_role("button", name="Simulate").click()
    await expect(answer).to_contain_text("there is no order NO-SUCH-ORDER")


async def test_people_see_take_and_put_off_an_alert_and_the_page_is_live(house: House, browser: Browser, a_service: ServiceStarter) -> None:
    notifier = await a_service("notifier", PLEDGE_NOTIFIER_QUOTE_URL=house.quote.url)
    console = await a_service(
        "console",
        PLEDGE_QUOTE_URL=house.quote.url,
        PLEDGE_INVENTORY_URL=house.inventory.url,
        PLEDGE_NOTIFIER_URL=notifier.url,
        PLEDGE_CONSOLE_WATCH_SECONDS="0.3",
        PLEDGE_CONSOLE_COALESCE_MILLISECONDS="50",
    )
    async with visiting(browser, console.url) as watched:
        page = watched.page
        requests: list[str] = []
        page.on("request", lambda request: requests.append(urlsplit(request.url).path))
        await page.goto("/promises")
        address = f"{house.inventory.url}/v1/receipts/DO-1"
        found = (await house.client.get(address)).json()
        body = {name: found[name] for name in ("kind", "site", "sku", "quantity", "from_site", "ship_date", "document")}
        later = (date.fromisoformat(found["due_date"]) + timedelta(days=21)).isoformat()
        (await house.client.put(address, json=body | {"due_date": later})).raise_for_status()
        new, worked = page.locator("section:has(#lane-new)"), page.locator("section:has(#lane-worked)")
        await expect(new.locator("li", has_text="DO-1")).to_have_count(1)

        await page.get_by_label("Your name").fill("Jo")
        await new.locator("li", has_text="DO-1").get_by_role("button", name="Take it").click()
        taken = worked.locator("li", has_text="DO-1")
        await expect(taken).to_contain_text("Jo")
        await taken.get_by_role("button", name="Snooze 4 h").click()
        await expect(taken).to_contain_text("no message until")
        listed = (await house.client.get(f"{notifier.url}/v1/alerts", params={"status": "acknowledged"})).json()["data"]
        alert = next(each for each in listed if each["cause"]["ref"] == "DO-1")
        assert (alert["assigned_to"], alert["acknowledged_by"]) == ("Jo", "Jo")

        (await house.client.put(address, json=body | {"due_date": found["due_date"]})).raise_for_status()
        await expect(page.locator("section:has(#lane-recovered) li", has_text="DO-1")).to_have_count(1)
        await page.reload()
        await expect(page.get_by_label("Your name")).to_have_value("Jo")
        assert requests.count("/promises") == 2, "the page is drawn once and then told, not asked for again and again"
        assert requests.count("/live/promises") == 2, "one stream a page"


@pytest.mark.parametrize("width", [360, 768, 1440])
@pytest.mark.parametrize("address", ["/", "/book?sku=CHAIR&site=SHOP-1", "/desk?sku=CHAIR&quantity=1", "/promises", "/load", "/backorders"])
async def test_no_page_is_wider_than_its_window(page: Page, width: int, address: str) -> None:
    await page.set_viewport_size({"width": width, "height": 900})
    await page.goto(address)
    assert await page.evaluate("document.documentElement.scrollWidth") <= width


async def test_light_and_dark_follow_the_system_and_the_button(page: Page) -> None:
    await page.emulate_media(color_scheme="dark")
    await page.goto("/")
    background = "getComputedStyle(document.body).backgroundColor"
    dark = await page.evaluate(background)
    await page.get_by_role("button", name="Light or dark").click()
    light = await page.evaluate(background)
    assert dark != light
    await page.reload()
    assert await page.evaluate(background) == light


async def test_a_violation_would_be_seen(watched: Watched) -> None:
    """The watch itself can fail: a script that the policy forbids is reported."""
    watched.tolerated.append("Executing inline script violates")
    watched.tolerated.append("Refused to execute inline script")
    await watched.page.goto("/")
    await watched.page.evaluate("document.body.append(Object.assign(document.createElement('script'), {textContent: 'window.ran = 1'}))")
    assert watched.faults
    assert await watched.page.evaluate("window.ran") is None
