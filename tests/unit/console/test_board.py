"""What the pages are told, and what not."""

from services.console.board import Board
from services.console.consumer import hear
from services.console.domain.values import Pair
from services.console.gateway import Heard

CHAIR, TABLE = Pair("CHAIR", "HAM"), Pair("TABLE", "HAM")


def a_board(*pairs: Pair, listed_max: int = 100) -> Board:
    board = Board(listed_max)
    board.replace_pairs(pairs, 0)
    return board


def test_a_page_hears_of_the_books_it_shows_and_of_no_other() -> None:
    board = a_board(CHAIR, TABLE)
    with board.listening([CHAIR.key]) as page:
        hear(board, Heard("availability", {"sku": "TABLE", "site": "HAM"}))
        assert page.changed == set()
        hear(board, Heard("availability", {"sku": "CHAIR", "site": "HAM"}))
        assert page.changed == {CHAIR.key}


def test_a_change_between_drawing_and_listening_is_not_lost() -> None:
    board = a_board(CHAIR, TABLE)
    drawn_at = board.sequence
    board.book_changed(CHAIR)
    assert board.moved_since(drawn_at, [CHAIR.key, TABLE.key]) == {CHAIR.key}
    assert board.moved_since(board.sequence, [CHAIR.key]) == set()


def test_a_page_from_before_a_restart_is_told_everything() -> None:
    board = a_board(CHAIR, TABLE)
    assert board.moved_since(999, [CHAIR.key, TABLE.key]) == {CHAIR.key, TABLE.key}


def test_after_a_gap_in_the_stream_every_picture_is_out_of_date() -> None:
    board = a_board(CHAIR, TABLE)
    drawn_at = board.sequence
    board.everything_changed()
    assert board.moved_since(drawn_at, [CHAIR.key]) == {CHAIR.key}


def test_a_book_nobody_listed_yet_joins_the_list_as_soon_as_it_is_heard_of() -> None:
    board = a_board(TABLE)
    board.book_changed(CHAIR)
    assert board.pairs == (CHAIR, TABLE)
    assert board.unknown.is_set()


def test_the_list_never_grows_beyond_its_limit() -> None:
    board = a_board(TABLE, listed_max=1)
    board.book_changed(CHAIR)
    assert board.pairs == (TABLE,)


def test_every_word_must_match_sku_site_or_name() -> None:
    board = a_board(CHAIR, TABLE, Pair("CHAIR", "MUC"))
    board.names = {"CHAIR": ("Oak chair", "EA")}
    assert board.select("oak ham") == (CHAIR,)
    assert board.select("") == (CHAIR, Pair("CHAIR", "MUC"), TABLE)
    assert board.select("nothing such") == ()
