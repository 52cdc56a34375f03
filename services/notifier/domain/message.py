"""What is there to tell this subscriber now? Decided when a message is written, on what holds then: what has healed is not told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from services.notifier.domain import wording
from services.notifier.domain.alert import Alert, Status
from services.notifier.domain.line import Danger, Line, endangered
from services.notifier.domain.subscription import Event, Subscription, wants_danger, wants_shipment

RECOVERED, RAISED, RESOLVED = "recovered", "raised", "resolved"


@dataclass(frozen=True, slots=True)
class Item:
    """One piece of news: of a promise, or of the alert itself (`line` None)."""

    event: Event
    alert: Alert
    line: Line | None


@dataclass(slots=True)
class Known:
    """What holds now of everything that the news are about."""

    alerts: Mapping[str, Alert]
    lines: Mapping[str, Line]
    members: Mapping[str, Sequence[Line]]
    """The promises in each alert."""
    told: Mapping[str, str]
    """Per subject, the state that this subscriber knows."""


@dataclass(slots=True)
class Composed:
    """What is to be told, and what the subscriber knows afterwards."""

    items: list[Item] = field(default_factory=list)
    told: dict[str, str] = field(default_factory=dict)

    @property
    def event(self) -> Event:
        """The weightiest of its events: what the message is called."""
        present = {item.event for item in self.items}
        return next(event for event in Event if event in present)


def about_line(line: Line) -> str:
    """The subject of a promise's news."""
    return f"promise:{line.order_id}|{line.line_ref}"


def about_alert(alert_id: str) -> str:
    """The subject of an alert's own news."""
    return f"alert:{alert_id}"


def compose(subscription: Subscription, news: Mapping[str, str], known: Known) -> Composed:
    """Turn news (subject → alert) into what is told; the same (cause, promise, state) is never told twice in a row."""
    composed = Composed()
    for subject, alert_id in news.items():
        alert = known.alerts.get(alert_id)
        if alert is None:
            continue
        if (line := known.lines.get(subject)) is not None:
            _tell_line(composed, subscription, subject, line, alert, known.told.get(subject, ""))
        elif subject == about_alert(alert_id):
            _tell_alert(composed, subscription, alert, known)
    composed.items.sort(key=_worst_first)
    return composed


def _tell_line(composed: Composed, subscription: Subscription, subject: str, line: Line, alert: Alert, before: str) -> None:
    danger = endangered(line)
    if danger is not None:
        if line.alert_id != alert.id or danger.state == before or not wants_danger(subscription, danger):
            return  # another alert tells it, it was told, or it is not bad enough
        composed.told[subject] = danger.state
        event = Event.PROMISE_MISSED if danger.danger is Danger.MISSED else Event.PROMISE_AT_RISK
    elif line.is_open and before and before != RECOVERED:
        composed.told[subject] = RECOVERED
        event = Event.PROMISE_RECOVERED
    else:
        return
    if event in subscription.events:
        composed.items.append(Item(event, alert, line))


def _tell_alert(composed: Composed, subscription: Subscription, alert: Alert, known: Known) -> None:
    subject = about_alert(alert.id)
    before = known.told.get(subject, "")
    if alert.status is Status.RESOLVED:
        if not before.startswith(RAISED):
            return
        state, event = RESOLVED, Event.ALERT_RESOLVED
    elif alert.shipment is not None:
        state, event = f"{RAISED}|{alert.round}|{alert.shipment.quantity.normalize()}", Event.UNMATCHED_SHIPMENT
        if not wants_shipment(subscription, alert):
            return
    else:
        state, event = f"{RAISED}|{alert.round}", Event.ALERT_RAISED
        if not any(wants_danger(subscription, risk) for line in known.members.get(alert.id, ()) if (risk := endangered(line)) is not None):
            return
    if state == before:
        return
    composed.told[subject] = state
    if event is Event.UNMATCHED_SHIPMENT and event not in subscription.events:
        event = Event.ALERT_RAISED
    if event in subscription.events:
        composed.items.append(Item(event, alert, None))


def _worst_first(item: Item) -> tuple[int, str, int, tuple[str, str]]:
    weight = item.line.risk.weight if item.line is not None and item.line.risk is not None else 0
    return -item.alert.severity.rank, item.alert.id, -weight, item.line.key if item.line is not None else ("", "")


def title(composed: Composed) -> str:
    """What a person reads first."""
    alerts = _alerts(composed)
    if len(alerts) > 1:
        promises = sum(item.line is not None for item in composed.items)
        return f"{len(alerts)} alerts" + (f", {wording.counted(promises, 'promise')}" if promises else "")
    alert = alerts[0]
    word = "Resolved" if alert.status is Status.RESOLVED else alert.severity.capitalize()
    return f"{word}: {wording.one_line(alert.cause.summary).rstrip('. ')}"


def body(composed: Composed) -> str:
    """Per alert a sentence and the news of its promises, at most ten."""
    parts = []
    for alert in _alerts(composed):
        lines = [item.line for item in composed.items if item.alert.id == alert.id and item.line is not None]
        parts.append("\n".join([wording.sentence(alert), *wording.table(lines)]))
    return "\n\n".join(parts)


def _alerts(composed: Composed) -> list[Alert]:
    return list({item.alert.id: item.alert for item in composed.items}.values())
