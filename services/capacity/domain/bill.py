"""Does a product go into itself?"""

from collections.abc import Iterable, Mapping


def find_cycle(goes_in: Mapping[str, Iterable[str]], product: str) -> tuple[str, ...] | None:
    """The shortest way from the product down its components back to itself (`A, B, A`), or None when there is none.

    `goes_in` names the direct components of every product below it.
    """
    came_from: dict[str, str] = {}
    row = [product]
    while row:
        below: list[str] = []
        for parent in row:
            for component in sorted(goes_in.get(parent, ())):
                if component == product:
                    return (*_way(came_from, product, parent), product)
                if component not in came_from:
                    came_from[component] = parent
                    below.append(component)
        row = below
    return None


def _way(came_from: Mapping[str, str], top: str, bottom: str) -> tuple[str, ...]:
    way = [bottom]
    while way[-1] != top:
        way.append(came_from[way[-1]])
    return tuple(reversed(way))
