"""Goals and alerts: each morning's judgement of the numbers, and how long each change lasts.

series    a number's rows from the result tables, day by day, and how to pool them
chance    how likely chance alone gives a change: the tests, widened by the spread of past weeks
goals     one row for each goal: how far it is, and whether that is enough
looks     one morning's look at what an alert watches: is there a change to speak of?
episodes  looks, morning after morning -> episodes: opened, reminded of, over
sentences what is said of an episode
sight     the smallest change that an alert can see
replay    an alert over all of history
job       the morning's job: reads the result tables, writes the tables `goals` and `alerts`
"""
