"""What docs/furniture.md says besides its tables: the given facts, and the dates of three orders worked out as a planner would."""

BEFORE = """
# The furniture company's open orders, promised

The sample company of `make demo`, on the day on which its files were true: Friday 1 January 2021, six in the morning. Its sixteen
open orders are asked for one after the other, the most urgent first, then by number; each is wanted in one delivery at its shop.
This page is written by `.venv/bin/python -m deploy.demo.table`, which runs the services on that day; a test says when it is out of
date. In the demo all of it lies so many weeks later that none of it is over, and begins on another weekday.

What there is to know for checking:

- Shops, warehouse and factory send and receive on WORKING-DAYS: Monday to Friday, not on 1 January. Machines and operators work around the
  clock, every day: 1,440 minutes each; of 1 January the 1,080 that are left. The assembly line could do 2,880, but each job
  has one operator.
- Goods come to SHOP-1 from WAREHOUSE in 2 days, to SHOP-2 in 1; to WAREHOUSE from FACTORY in 1, at least 30 and in tens.
- A chair: 4 legs, 1 cushion, 4 screws, 60 minutes of assembly. A square table: 4 legs, 1 polished panel, 5 screws, 60 minutes; a round one
  10 screws. A leg: 1 beam, 20 minutes of sawing. A polished panel: 1 panel, 60 minutes of grinding. Varnish: 30 minutes, then 360 to dry.
- Beams: 20 on hand, 100 on Tue 5 Jan (PO-2), more within 7 days in fifties. Cushions: 40 on hand, 100 on 5 Jan (PO-4).
- On 1 March 30 chairs, 20 round and 20 square tables leave WAREHOUSE for SHOP-1 (DO-1 to DO-3): its 10 of each are taken, and more.
- What is finished on a day can be used or sent on the next.
"""

BY_HAND: dict[str, tuple[str, str]] = {
    "DEMAND-01": (
        "2021-01-12",
        """
**DEMAND-01, 20 round tables in SHOP-2, wanted Sun 3 Jan: Tue 12 Jan.** SHOP-2 has 2, so 18 have to come. WAREHOUSE has 10, but DO-2
takes 20 on 1 March: it is 10 short already. 18 + 10 = 28, in tens 30 from FACTORY, which has 20: 10 are to be made. They need 40
legs; the 40 on hand are in the tables for DEMAND-02, decided first. So 40 beams: of 20 on hand and 100 on 5 Jan that order has 40, 80 are
left, all before or on 5 Jan. Sawing is 40 x 20 = 800 minutes. On 5 Jan the saw does 800 for DEMAND-02 and has 640 left; the
other 160 are done
on 6 Jan. Assembly, 10 x 60 = 600 minutes, on Thu 7 Jan. Fri 8 Jan to WAREHOUSE: 1 day is Saturday, closed, so Mon 11 Jan. 1 day more to
SHOP-2: **Tue 12 Jan**. Nine days late: one because SHOP-2 is closed on Sunday 3 Jan, eight for supply.
""",
    ),
    "DEMAND-07": (
        "2021-01-18",
        """
**DEMAND-07, 40 chairs in SHOP-1, wanted Sat 2 Jan: Mon 18 Jan.** The 4 in SHOP-1 and the 10 in WAREHOUSE are promised
(DEMAND-06, DO-3), the
4 of FACTORY as well (DEMAND-03). 40 chairs need 160 legs, 160 beams; 16 are left of what was there, came and was bought for the orders
before, so 150 more are bought: 7 days, Fri 8 Jan. That day the saw is full: DEMAND-03's legs (74 x 20 = 1,480 minutes) take it all
and 40 minutes of the 9th. 160 x 20 = 3,200 minutes: 1,400 on the 9th, 1,440 on the 10th, 360 on the 11th. Assembly, 40 x 60 =
2,400 minutes with one operator: 1,440 on the 12th, 960 on the 13th. Thu 14 Jan to WAREHOUSE, there Fri 15 Jan;
2 days to SHOP-1 is Sunday, so **Mon 18 Jan**.
""",
    ),
    "DEMAND-12": (
        "2021-01-27",
        """
**DEMAND-12, 5 varnished chairs in SHOP-2, wanted Sat 2 Jan: Wed 27 Jan.** Nobody has any. FACTORY sends WAREHOUSE no fewer than 30, so 30
are made, of 30 chairs (the surplus serves DEMAND-13 and DEMAND-14 one after the other). 120 legs = 2,400 minutes; the saw has worked off
what was decided before on the 16th with 120 minutes to spare: 120 on the 16th, 1,440 on the 17th, 840 on the 18th. Assembly of
30: 1,440 on the 19th, 360 on the 20th. Varnish, only Antonio can: 30 x 30 = 900 minutes on Thu 21 Jan. Drying takes 360
minutes, which is a day: Fri 22 Jan.
Sat 23 Jan they are ready, on Mon 25 Jan they leave, Tue 26 Jan WAREHOUSE, **Wed 27 Jan** SHOP-2.
""",
    ),
}

AFTER = """
## What a planner would ask

*Why does DEMAND-10 (10 chairs in SHOP-2) get Tue 5 Jan when DEMAND-11, the same wish decided after it, gets Thu 14 Jan?* SHOP-2 has six
chairs and gets four on 5 Jan, all promised for 4 March (DEMAND-03). DEMAND-10 gets these ten, because ten others can be there for
March: WAREHOUSE sends them by 14 Jan, and has 30 more made by 20 Jan for what leaves it on 1 March (DO-3). As a planner would have it:
the early chairs for whoever waits, the later ones for March. A hold gets the same: what it
borrows comes back with it should it end.

*Why is so much sawn on Saturdays and Sundays?* The company's calendars say so: only sending and receiving rests.
"""
