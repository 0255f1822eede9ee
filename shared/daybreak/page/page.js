"use strict";
/* What the page can do with a script: draw the lines for another segment or range, say the numbers under a pointer or
   a key. Without it, the page is complete for everybody and eight weeks. The functions of the first part are those of
   scale.py, svg.py and figures/trend.py, and draw the same bytes: a test compares the two. */
(async () => {
  const Z = 1.959963984540054, WIDE = 1000, FEW = 20, LABELS = 4, MOST_POINTS = 400;
  const RANGES = { "8w": 56, "26w": 182, all: Infinity };

  const packed = document.getElementById("packed");
  const bytes = Uint8Array.from(atob(packed.textContent), (c) => c.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  const { trends, figures, texts, notes } = JSON.parse(await new Response(stream).text());

  // --- numbers and words ------------------------------------------------------------------------------------------
  const whole = (value) => Math.floor(value + 0.5);
  const fixed = (value, digits) => (Math.floor(value * 10 ** digits + 0.5) / 10 ** digits).toFixed(digits);
  const grouped = (number) => number.toLocaleString("en-US");
  const short = (value) => String(Number(value.toPrecision(6)));
  const ends = ([low, high]) => `${short(whole(low * 1e6) / 1e6)} ${short(whole(high * 1e6) / 1e6)}`;
  const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, key) => values[key]);
  const escaped = (text) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
  function number(v) {
    const digits = Math.abs(v) >= 100 ? 0 : Math.abs(v) >= 10 ? 1 : 2;
    return Number(fixed(v, digits)).toLocaleString("en-US", { minimumFractionDigits: digits });
  }
  const percent = (share, of) => `${fixed(share * 100, of >= 1000 ? 1 : 0)}\u00a0%`;
  const dayAfter = (first, n) => new Date(Date.parse(first) + n * 864e5);
  const iso = (day) => day.toISOString().slice(0, 10);
  const said = (day) => fill(texts.short_day, { day: day.getUTCDate(), month: texts.months[day.getUTCMonth()] });

  function interval({ reached, of }) {
    const rate = reached / of, square = Z ** 2;
    const middle = (rate + square / (2 * of)) / (1 + square / of);
    const half = (Z / (1 + square / of)) * Math.sqrt((rate * (1 - rate)) / of + square / (4 * of ** 2));
    return [Math.max(0, middle - half), Math.min(1, middle + half)];
  }

  // --- where things stand -------------------------------------------------------------------------------------------
  const across = (n, count) => (count > 1 ? whole((n * WIDE) / (count - 1)) : WIDE / 2);
  const up = (value, top) => WIDE - whole((Math.min(Math.max(value, 0), top) * WIDE) / top);
  const at = (position) => `${position / 10}%`;

  function topOf(highest, isShare) {
    if (isShare && highest > 0.8) return 1;
    if (highest <= 0) return isShare ? 0.1 : 1;
    const size = 10 ** Math.floor(Math.log10(highest));
    const step = [1, 1.5, 2, 3, 4, 5, 6, 8, 10].find((s) => s * size >= highest * 1.0000001);
    return step === undefined ? 10 * size : step * size;
  }

  function marks(count) {
    const apart = count <= LABELS ? 1 : Math.ceil((count - 1) / (LABELS - 1));
    return [...Array(count).keys()].filter((n) => n % apart === (count - 1) % apart);
  }

  function path(places) {
    const steps = places.slice(1).map(([x, y], n) => `${x - places[n][0]} ${y - places[n][1]}`);
    return `M${places[0][0]} ${places[0][1]}${steps.length ? "l" + steps.join(" ") : ""}`;
  }

  function runs(values) {
    const found = [];
    values.forEach((value, n) => {
      if (n && value === values[n - 1]) found[found.length - 1][1] = n;
      else found.push([n, n]);
    });
    return found;
  }

  // --- a trend --------------------------------------------------------------------------------------------------------
  const begins = (trend, n) => Math.max(0, ...trend.cuts.filter((cut) => cut <= n));

  function point(trend, [reached, of], n) {
    let count = { reached: 0, of: 0 };
    for (let i = Math.max(n - trend.line + 1, begins(trend, n)); i <= n; i++) {
      count = { reached: count.reached + reached[i], of: count.of + of[i] };
    }
    return count.of ? count : null;
  }

  function positions(trend, days) {
    const last = trend.last;
    const first = Math.max(0, last - days + 1);
    const apart = last - first + 1 > MOST_POINTS ? 7 : 1;
    return [...Array(last - first + 1).keys()].map((n) => n + first).filter((n) => (last - n) % apart === 0);
  }

  function drawn(trend, counts, shown) {
    const xs = shown.map((_, n) => across(n, shown.length));
    const points = shown.map((n) => point(trend, counts, n));
    const rates = points.map((p) => (p ? p.reached / p.of : null));
    const highs = trend.share ? points.filter((p) => p && p.of >= FEW).map((p) => interval(p)[1]).sort((a, b) => a - b) : [];
    const high = highs.slice(0, Math.floor((highs.length * 3) / 4)).pop() || 0;
    const top = topOf(Math.max(Math.max(0, ...rates.filter((r) => r !== null)) * 1.15, high), trend.share);
    const ys = rates.map((rate) => (rate === null ? 0 : up(rate, top)));
    const kinds = points.map((p, n) =>
      !p ? null : shown[n] >= counts[2] ? "line open" : p.of < FEW ? "line few" : "line");
    const inside = [`<path class="grid" d="M0 0h1000M0 500h1000M0 1000h1000"></path>`];
    const parts = shown.map((n) => begins(trend, n));
    if (trend.share) inside.push(...bands(points, kinds, parts, xs, top));
    inside.push(...before(trend, counts, shown, xs, top), ...lines(kinds, parts, xs, ys));
    const end = kinds.map((kind) => kind === "line" || kind === "line few").lastIndexOf(true);
    const open = shown.findIndex((n) => n >= counts[2]);
    const x = xs[Math.max(open - 1, 0)];
    const labels = marks(shown.length).map((n) => {
      const anchor = xs[n] < 60 ? "start" : xs[n] > 940 ? "end" : "middle";
      const day = said(dayAfter(trend.first, shown[n]));
      return `<text class="axis" x="${at(xs[n])}" y="100%" dy="18" text-anchor="${anchor}">${day}</text>`;
    });
    const svg = [
      open < 0 ? "" : `<rect class="hatch" x="${at(x)}" y="0" width="${at(1000 - x)}" height="100%"></rect>`,
      ...noted(trend, shown).map(([n], nth) => noteMark(at(xs[n]), nth + 1)),
      ...runs(parts).slice(0, -1).map(([, last], nth) => cutMark(Math.floor((xs[last] + xs[last + 1]) / 2), nth)),
      `<svg viewBox="0 0 1000 1000" preserveAspectRatio="none" width="100%" height="100%">${inside.join("")}</svg>`,
      end < 0 ? "" : `<circle class="dot" cx="${at(xs[end])}" cy="${at(ys[end])}" r="4"></circle>`,
      ...labels,
    ].join("");
    const tops = [top, top / 2, 0].map((part) =>
      trend.share ? `${Number((part * 100).toPrecision(3))}${part ? texts.percent_sign : ""}` : short(part));
    return { svg, tops, points };
  }

  function bands(points, kinds, parts, xs, top) {
    const solid = kinds.map((kind) => kind === "line" || kind === "line few");
    return runs(solid.map((is, n) => `${is} ${parts[n]}`)).filter(([first, last]) => solid[first] && first < last).map(([first, last]) => {
      const ends = points.slice(first, last + 1).map((p, n) => [xs[first + n], interval(p)]);
      const high = ends.map(([x, [, h]]) => [x, up(h, top)]), low = ends.map(([x, [l]]) => [x, up(l, top)]);
      return `<path class="band" d="${path([...high, ...low.reverse()])}z"></path>`;
    });
  }

  function before(trend, counts, shown, xs, top) {
    const apart = shown.length > 1 ? shown[1] - shown[0] : 1;
    const earlier = shown.map((n) => [n, n - shown.length * apart]).map(([n, was]) =>
      was >= 0 && begins(trend, n) === begins(trend, was) ? point(trend, counts, was) : null);
    return runs(earlier.map((p) => p !== null)).filter(([first, last]) => earlier[first] && first < last)
      .map(([first, last]) => earlier.slice(first, last + 1).map((p, n) => [xs[first + n], up(p.reached / p.of, top)]))
      .map((places) => `<path class="line before" d="${path(places)}"></path>`);
  }

  function lines(kinds, parts, xs, ys) {
    return runs(kinds.map((kind, n) => `${kind} ${parts[n]}`)).filter(([first]) => kinds[first]).map(([first, last]) => {
      const begin = first && kinds[first - 1] && parts[first - 1] === parts[first] ? first - 1 : first;
      const places = xs.slice(begin, last + 1).map((x, n) => [x, ys[begin + n]]);
      return `<path class="${kinds[first]}" d="${path(places.length > 1 ? places : [...places, ...places])}"></path>`;
    });
  }

  function noted(trend, shown) {
    const days = shown.map((n) => iso(dayAfter(trend.first, n)));
    const after = iso(dayAfter(trend.first, shown[shown.length - 1] + 1));
    return notes.filter(([day]) => day >= days[0] && day <= after)
      .map(([day, text]) => [days.findLastIndex((first) => first <= day), day, text]);
  }

  const noteMark = (x, nth) => `<g class="note"><line x1="${x}" x2="${x}" y1="0" y2="100%"></line>` +
    `<text x="${x}" y="-4" text-anchor="middle">${nth}</text></g>`;

  function cutMark(x, nth) {
    const [dx, anchor] = x <= WIDE / 2 ? [5, "start"] : [-5, "end"];
    return `<g class="cut"><line x1="${at(x)}" x2="${at(x)}" y1="0" y2="100%"></line>` +
      `<text x="${at(x)}" y="${12 + 14 * (nth % 4)}" dx="${dx}" text-anchor="${anchor}">${texts["version.changed"]}</text></g>`;
  }

  function rows(trend, counts, shown, points) {
    return shown.map((n, i) => {
      const day = dayAfter(trend.first, n), p = points[i];
      if (!p) return [[said(day), iso(day)], ["–", ""], ...(trend.share ? [["–", ""]] : []), ["0", 0], ["0", 0], ["–", ""]];
      const few = p.of < FEW, rate = p.reached / p.of;
      const counted = (n) => fill(trend.n, { n: grouped(n) });
      const both = { reached: trend.share ? counted(p.reached) : grouped(p.reached), of: counted(p.of) };
      const value = few ? fill(texts[trend.share ? "few" : "few.each"], both) : trend.share ? percent(rate, p.of) : number(rate);
      const [low, high] = trend.share ? interval(p) : [0, 0], digits = p.of >= 1000 ? 1 : 0;
      const between = fill(texts.interval, { low: fixed(low * 100, digits), high: fixed(high * 100, digits) });
      const state = n >= counts[2] ? "open" : "complete";
      return [[said(day), iso(day)], [value, short(rate)], ...(trend.share ? [[between, ends([low, high])]] : []),
        [grouped(p.reached), p.reached], [grouped(p.of), p.of], [texts[state], state]];
    });
  }

  function redraw(figure, trend, key, days) {
    const counts = trend.groups[key];
    const shown = positions(trend, days);
    const { svg, tops, points } = drawn(trend, counts, shown);
    figure.querySelector(".lines").innerHTML = svg;
    figure.querySelector(".tops").innerHTML = tops.map((top) => `<span>${top}</span>`).join("");
    figure.querySelector(".number").outerHTML = counts[3];
    const listed = noted(trend, shown).map(([, , text]) => `<li><bdi>${escaped(text)}</bdi></li>`).join("");
    figure.querySelector(".notes").innerHTML = listed;
    const table = rows(trend, counts, shown, points);
    figure.querySelector("tbody").innerHTML = table.map(([[first], ...rest]) =>
      `<tr><th scope="row">${first}</th>${rest.map(([cell]) => `<td>${cell}</td>`).join("")}</tr>`).join("");
    const link = figure.querySelector("a[download]");
    const head = decodeURIComponent(link.href.slice(link.href.indexOf(",") + 1)).split("\r\n")[0];
    const csv = [head, ...table.map((row) => row.map(([, raw]) => raw).join(","))].join("\r\n") + "\r\n";
    link.href = "data:text/csv;charset=utf-8," + encodeURIComponent(csv).replace(/%2C/g, ",");
  }

  // --- the switches -----------------------------------------------------------------------------------------------------
  const segment = document.getElementById("segment"), range = document.getElementById("range");
  const everybody = new Map([...document.querySelectorAll("figure[data-family]")].map((f) => [f.id, f.outerHTML]));

  function show() {
    const asked = new URLSearchParams(location.hash.slice(1));
    const chosen = segment && [...segment.options].some((o) => o.value === asked.get("segment")) ? asked.get("segment") : "";
    const days = Object.hasOwn(RANGES, asked.get("range")) ? asked.get("range") : "8w";
    if (segment) segment.value = chosen;
    range.value = days;
    for (const [id, markup] of everybody) {
      const figure = document.getElementById(id), trend = trends[id];
      const has = trend ? chosen in trend.groups : (figures[chosen] || {})[id];
      if (trend && (chosen || days !== "8w" || figure.dataset.changed)) {
        redraw(figure, trend, has ? chosen : "", RANGES[days]);
        figure.dataset.changed = "yes";
      } else if (!trend) {
        figure.outerHTML = has || markup;
      }
      name(document.getElementById(id), chosen, has);
    }
  }

  function name(figure, chosen, has) {
    figure.querySelector(".for")?.remove();
    if (!chosen) return;
    const label = document.createElement("p");
    label.className = has ? "for" : "for all";
    label.textContent = has ? segment.selectedOptions[0].textContent : texts.everybody;
    figure.querySelector("figcaption").append(label);
  }

  function choose() {
    const asked = new URLSearchParams();
    if (segment?.value) asked.set("segment", segment.value);
    if (range.value !== "8w") asked.set("range", range.value);
    history.replaceState(null, "", `#${asked}`);
    show();
  }

  segment?.addEventListener("change", choose);
  range.addEventListener("change", choose);
  addEventListener("hashchange", show);
  document.getElementById("print").addEventListener("click", () => print());
  document.querySelector(".controls").hidden = false;

  // --- the numbers under a pointer or a key -----------------------------------------------------------------------------
  const tip = document.createElement("div"), live = document.createElement("div"), cursor = document.createElement("div");
  tip.className = "tip"; cursor.className = "cursor"; live.className = "unseen";
  tip.hidden = cursor.hidden = true;
  live.setAttribute("aria-live", "polite");
  document.body.append(tip, live);
  let place = { plot: null, n: -1 };

  function facts(plot, n) {
    if (plot.dataset.tips) return plot.dataset.tips.split("\n")[n].split("\t");
    const table = plot.closest("figure").querySelector("details table");
    const names = [...table.tHead.rows[0].cells].map((cell) => cell.textContent);
    const cells = [...table.tBodies[0].rows[n].cells].map((cell) => cell.textContent);
    return cells.map((text, i) => (i ? `${names[i]}: ${text}` : text));
  }

  const count = (plot) => plot.dataset.tips ? plot.dataset.tips.split("\n").length
    : plot.closest("figure").querySelector("details table").tBodies[0].rows.length;

  function point_at(plot, n) {
    const size = count(plot), svg = plot.querySelector(".lines").getBoundingClientRect();
    n = Math.min(Math.max(n, 0), size - 1);
    const inset = Number(plot.dataset.inset || 0), wide = (svg.width - inset) * Number(plot.dataset.wide || 1);
    const share = plot.dataset.columns ? (n + 0.5) / size : size > 1 ? n / (size - 1) : 0.5;
    const x = inset + wide * share, [title, ...rest] = facts(plot, n);
    place = { plot, n };
    plot.append(cursor);
    cursor.style.left = `${svg.left - plot.getBoundingClientRect().left + x}px`;
    tip.replaceChildren(Object.assign(document.createElement("b"), { textContent: title }),
      ...rest.map((line) => Object.assign(document.createElement("span"), { textContent: line })));
    tip.hidden = cursor.hidden = false;
    const left = svg.left + x, side = left + tip.offsetWidth + 24 > innerWidth ? -tip.offsetWidth - 12 : 12;
    tip.style.left = `${Math.max(8, left + side) + scrollX}px`;
    tip.style.top = `${svg.top + scrollY}px`;
    return [title, ...rest].join(", ");
  }

  function hide() {
    tip.hidden = cursor.hidden = true;
  }

  function nearest(plot, x) {
    const svg = plot.querySelector(".lines").getBoundingClientRect(), size = count(plot);
    const inset = Number(plot.dataset.inset || 0), wide = (svg.width - inset) * Number(plot.dataset.wide || 1);
    const share = (x - svg.left - inset) / wide;
    return plot.dataset.columns ? Math.floor(share * size) : Math.round(share * (size - 1));
  }

  document.addEventListener("pointermove", (event) => {
    const plot = event.target.closest?.(".plot");
    if (plot && count(plot)) point_at(plot, nearest(plot, event.clientX));
    else if (!document.activeElement?.matches(".plot:focus-visible")) hide();
  });
  document.addEventListener("focusout", hide);
  document.addEventListener("keydown", (event) => {
    const plot = event.target.closest?.(".plot");
    const steps = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity };
    if (event.key === "Escape") hide();
    if (!plot || !(event.key in steps) || !count(plot)) return;
    event.preventDefault();
    const from = place.plot === plot && !tip.hidden ? place.n : event.key === "ArrowRight" ? -1 : count(plot);
    live.textContent = point_at(plot, from + steps[event.key]);
  });

  show();
})();
