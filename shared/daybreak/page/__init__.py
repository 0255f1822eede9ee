"""The page of the morning: one HTML file that shows every number of a project. See docs/page.md.

job         the newest result tables -> page/<day>.html and page/index.html
read        result tables -> plain data
counts      which periods are complete, and what they add up to
versions    where a definition changed
today       the few sentences that the page begins with
sections    which figure stands where
figures/    one figure each: data -> markup
labels      what a definition counts, in one sentence
texts/      every word of the page, in each language
draw        all of it -> the text of the file, with page.css and page.js
markup, svg, scale    how elements, lines and axes are written
"""
