"""The guide to promising, `docs/promising.md`: its examples and pictures are real runs, asked through the public doors.

`examples/` holds what is told and asked, `house.py` how, `saying.py` and `pictures.py` how an answer is shown, `page.py` where
it stands on the page. `python -m deploy.guide` writes all of it again.
"""
