"""Questions from an assistant on the desk, answered from the result tables: read only, counts only. docs/assistants.md.

source    where the tables stand: a folder that `daybreak compute` wrote, or a deployed lake
results   the tables of one moment in a sealed database, without values of segments that few people have
answers   what every answer carries: as of which day, what is unfinished, what was counted
explain   definitions in words, with the columns of their tables
rows      rows of one metric, with intervals
periods   one number over a period, and two periods compared
morning   goals, alerts, counts of lists
query     one select over the result tables
server    the tools, as the Model Context Protocol offers them
"""
