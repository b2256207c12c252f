// Draws the charts of the page from the slices of tables that it carries, and sorts its tables.
"use strict";
(() => {
  const page = JSON.parse(document.getElementById("data").textContent);
  const { meta, charts } = page;

  // Rows of a slice as objects by column.
  const records = (slice) => {
    const names = Object.keys(slice.columns).filter((name) => slice.columns[name] !== null);
    return slice.rows.map((row, k) => Object.fromEntries([["row", row], ...names.map((name) => [name, slice.columns[name][k]])]));
  };

  // Numbers as the tables show them.
  const grouped = (x) => Math.round(x).toLocaleString("en-US");
  const eth = (x) => {
    if (x === null || x === undefined || Number.isNaN(x)) return "–";
    const a = Math.abs(x);
    if (a >= 999.5) return grouped(x);
    if (a === 0) return "0";
    if (a >= 100) return x.toFixed(0);
    if (a >= 10) return x.toFixed(1);
    if (a >= 1) return x.toFixed(2);
    if (a >= 0.1) return x.toFixed(3);
    if (a >= 0.001) return x.toFixed(5);
    return x.toExponential(1);
  };
  const percent = (x) => {
    if (x === null || x === undefined || Number.isNaN(x)) return "–";
    const p = 100 * x, a = Math.abs(p);
    if (a === 0) return "0 %";
    if (a >= 9.995) return `${p.toFixed(1)} %`;
    if (a >= 0.09995) return `${p.toFixed(2)} %`;
    if (a >= 0.001) return `${p.toFixed(4)} %`;
    return `${p.toExponential(1)} %`;
  };
  const interval = (d, show = eth, by = 1) =>
    d.ci_low === null && d.ci_high === null ? "no interval" : `95 %: ${show(d.ci_low === null ? null : by * d.ci_low)} to ${show(d.ci_high === null ? null : by * d.ci_high)}`;
  // Short numbers for axes: 12k, 1.5M.
  const axis = (x) => (Math.abs(x) < 1000 ? d3.format(",~g")(x) : d3.format("~s")(x).replace("G", "B"));
  const share = (p) => `${d3.format("~g")(100 * p)} %`;
  const years = (y) => (y >= 10 ? grouped(y) : d3.format(".2~g")(y));
  const short = (text, length) => (text.length > length ? `${text.slice(0, length - 1)}…` : text);
  const colour = (k) => `var(--c${1 + (k % 8)})`;
  const heat = (share) => `color-mix(in oklab, var(--hot) ${(100 * Math.min(1, Math.max(0, share))).toFixed(1)}%, var(--cold))`;

  const element = (tag, attributes = {}, ...children) => {
    const node = document.createElement(tag);
    Object.entries(attributes).forEach(([name, value]) => node.setAttribute(name, value));
    node.append(...children);
    return node;
  };

  const legend = (entries) =>
    element("div", { class: "legend" }, ...entries.map(({ name, stroke, dash }) => {
      const svg = d3.create("svg").attr("width", 26).attr("height", 10);
      svg.append("line").attr("x2", 26).attr("y1", 5).attr("y2", 5).attr("stroke", stroke).attr("stroke-width", 2.5).attr("stroke-dasharray", dash || null);
      return element("span", {}, svg.node(), name);
    }));

  // What all charts have in common.
  const plot = (width, options) =>
    Plot.plot({ width, style: { background: "none", color: "var(--ink)", fontSize: "12px" }, ...options });
  const left = (names, width) => Math.min(7 * Math.max(...names.map((name) => Math.min(name.length, 34))) + 14, 0.42 * width);
  const fit = (name, width) => short(name, Math.max(10, Math.floor((0.42 * width - 14) / 6.6)));
  const whisker = { stroke: "var(--ink)", strokeWidth: 1.3 };

  const DASHES = ["", "7 3", "2 3", "9 3 2 3", "4 2", "1 2", "12 4", "6 2 2 2"];

  const draw = {
    exceedance(data, width) {
      const own = records(data.own);
      const others = data.others.map((other, k) => ({ name: other.name, dash: DASHES[1 + (k % 7)], stroke: colour(k + 1), points: records(other.curve) }));
      const told = (name) => (d) =>
        `${name}\nmore than ${eth(d.loss)} ETH: ${percent(d.probability)}\nonce in ${eth(d.return_period_years)} years\n${interval(d)} ETH\nmean beyond: ${eth(d.es_beyond)} ETH`;
      const band = own.filter((d) => d.ci_low !== null && d.ci_high !== null);
      const least = d3.min([...own, ...others.flatMap((o) => o.points)], (d) => d.probability);
      const decades = [0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001, 5e-4, 2e-4, 1e-4, 5e-5, 2e-5, 1e-5, 1e-6, 1e-7].filter((p) => p >= 0.999 * least);
      const all = [...own.map((d) => ({ ...d, told: told(meta.scenario)(d) })), ...others.flatMap((o) => o.points.map((d) => ({ ...d, told: told(o.name)(d) })))];
      const chart = plot(width, {
        height: 410, marginLeft: 62, marginRight: 58, marginTop: 30, marginBottom: 44,
        x: { label: "Loss, ETH", tickFormat: axis, grid: true, nice: true, labelOffset: 40, ticks: width > 600 ? 10 : 4 },
        y: { type: "log" },
        marks: [
          Plot.axisY(decades, { anchor: "left", label: width > 560 ? `Probability of a larger loss within ${meta.horizon_days} days` : "Probability of more", text: share }),
          Plot.gridY(decades),
          Plot.axisY(decades, { anchor: "right", label: width > 560 ? "Return period, years" : "Years", text: (p) => years(meta.horizon_days / 365 / p) }),
          Plot.areaX(band, { y: "probability", x1: "ci_low", x2: "ci_high", fill: colour(0), fillOpacity: 0.18 }),
          ...others.map((o) => Plot.line(o.points, { x: "loss", y: "probability", stroke: o.stroke, strokeWidth: 1.6, strokeDasharray: o.dash })),
          Plot.line(own, { x: "loss", y: "probability", stroke: colour(0), strokeWidth: 2.4 }),
          Plot.dot(own, { x: "loss", y: "probability", fill: colour(0), r: 2.6 }),
          Plot.ruleY([1 - meta.level], { stroke: "var(--soft)", strokeDasharray: "2 3" }),
          Plot.tip(all, Plot.pointer({ x: "loss", y: "probability", title: "told" })),
        ],
      });
      return [legend([{ name: meta.scenario, stroke: colour(0) }, ...others]), chart];
    },

    waterfall(data, width) {
      const parts = records(data.parts);
      const CONTAGION = ["attack_slash", "bad_debt", "avs_users"];
      const channels = parts.filter((d) => d.component_kind === "channel");
      const sorted = (wanted) => channels.filter(wanted).sort((a, b) => b.es_contribution - a.es_contribution);
      const direct = sorted((d) => !CONTAGION.includes(d.component));
      const contagion = sorted((d) => CONTAGION.includes(d.component));
      const origin = parts.find((d) => d.component_kind === "origin" && d.component === "direct");
      const total = records(data.total)[0];
      let at = 0;
      const step = (kind) => (d) => {
        const from = at;
        at += d.es_contribution;
        return { name: d.component, kind, from, to: at, low: d.ci_low === null ? null : from + d.ci_low, high: d.ci_high === null ? null : from + d.ci_high, told: `${d.component}: ${eth(d.es_contribution)} ± ${eth(d.std_err)} ETH\n${interval(d)} ETH` };
      };
      const whole = (name, value, d) => ({ name, kind: "sum", from: 0, to: value, low: d.ci_low, high: d.ci_high, told: `${name}: ${eth(value)} ± ${eth(d.std_err)} ETH\n${interval(d)} ETH` });
      const bars = [...direct.map(step("direct"))];
      if (origin) bars.push(whole("all direct", origin.es_contribution, origin));
      bars.push(...contagion.map(step("contagion")));
      if (total) bars.push(whole("expected shortfall", total.value, total));
      const names = bars.map((d) => d.name);
      const fills = { direct: colour(0), contagion: colour(1), sum: "var(--soft)" };
      const chart = plot(width, {
        height: 34 * bars.length + 60, marginLeft: left(names, width), marginRight: 20, marginTop: 46,
        x: { labelOffset: 42, ticks: width > 600 ? 9 : 4, label: "Mean over the worst paths, ETH", tickFormat: axis, grid: true, axis: "top" },
        y: { type: "band", domain: names, label: null, tickFormat: (name) => fit(name, width), padding: 0.25 },
        marks: [
          Plot.barX(bars, { y: "name", x1: "from", x2: "to", fill: (d) => (d.kind !== "sum" && d.to < d.from ? colour(2) : fills[d.kind]), title: "told", tip: true }),
          Plot.ruleY(bars.filter((d) => d.low !== null && d.high !== null), { y: "name", x1: "low", x2: "high", ...whisker }),
          Plot.ruleX([0], { stroke: "var(--soft)" }),
        ],
        color: { type: "identity" },
      });
      return [legend([{ name: "direct", stroke: fills.direct }, { name: "by contagion", stroke: fills.contagion }, { name: "what cover gives back", stroke: colour(2) }, { name: "sum", stroke: fills.sum }]), chart];
    },

    contributors(data, width, place) {
      const chosen = place.dataset.chosen || data.order.find((kind) => data.kinds[kind].parts.rows.length) || data.order[0];
      const choice = element("div", { class: "choice" }, ...data.order.map((kind) => {
        const button = element("button", { type: "button", "aria-pressed": String(kind === chosen) }, data.kinds[kind].name);
        button.addEventListener("click", () => { place.dataset.chosen = kind; render(place); });
        return button;
      }));
      const whole = records(data.kinds[chosen].parts);
      const none = whole.find((d) => d.component === "(none)");
      const bars = whole.filter((d) => d !== none);
      if (!bars.length) return [choice, element("p", { class: "nothing" }, "Nothing of this kind carries any of it.")];
      const names = bars.map((d) => d.component);
      const told = (d) => `${d.component}: ${eth(d.es_contribution)} ± ${eth(d.std_err)} ETH\n${interval(d)} ETH\n${percent(d.share)} of the expected shortfall\nby itself: ${eth(d.standalone_es)} ETH`;
      const chart = plot(width, {
        height: 28 * bars.length + 60, marginLeft: left(names, width), marginRight: 56, marginTop: 46,
        x: { labelOffset: 42, ticks: width > 600 ? 9 : 4, label: "Contribution to the expected shortfall, ETH", tickFormat: axis, grid: true, axis: "top" },
        y: { type: "band", domain: names, label: null, tickFormat: (name) => fit(name, width), padding: 0.25 },
        marks: [
          Plot.barX(bars, { y: "component", x: "es_contribution", fill: (d) => (d.component.startsWith("(") ? "var(--c7)" : colour(0)), title: told, tip: true }),
          Plot.ruleY(bars.filter((d) => d.ci_low !== null && d.ci_high !== null), { y: "component", x1: "ci_low", x2: "ci_high", ...whisker }),
          Plot.text(bars, { y: "component", x: (d) => Math.max(d.es_contribution, d.ci_high ?? 0), dx: 6, textAnchor: "start", text: (d) => percent(d.share), fill: "var(--soft)" }),
          Plot.ruleX([0], { stroke: "var(--soft)" }),
        ],
        color: { type: "identity" },
      });
      return none ? [choice, element("p", { class: "note" }, `${percent(none.share)} of the expected shortfall, ${eth(none.es_contribution)} ± ${eth(none.std_err)} ETH, is through none of them.`), chart] : [choice, chart];
    },

    network(data, width, place) {
      const wide = Math.max(width, 660);
      place.classList.toggle("wide", wide > width);
      const parts = records(data.parts);
      const part = (kind, name) => parts.find((d) => d.component_kind === kind && d.component === name);
      const SHOWN = [9, 14, 16];
      const sums = (flows, k) => d3.rollup(flows, (own) => d3.sum(own, (d) => d[2]), (d) => d[k]);
      const most = (sum, n) => new Set([...sum].sort((a, b) => b[1] - a[1]).slice(0, n).map(([name]) => name));
      const companies = new Map(sums(data.held, 1));
      const keep = [most(sums(data.held, 0), SHOWN[0]), most(companies, SHOWN[1]), most(sums(data.slashable, 1), SHOWN[2])];
      const LAYERS = ["asset", "entity", "avs"];
      const REST = ["other tokens", "other companies", "other AVSs"];
      const label = (layer, name) => (keep[layer].has(name) ? name : REST[layer]);
      const links = [];
      const gather = (flows, layer) => {
        const by = d3.rollup(flows, (own) => d3.sum(own, (d) => d[2]), (d) => `${layer}/${label(layer, d[0])}`, (d) => `${layer + 1}/${label(layer + 1, d[1])}`);
        by.forEach((targets, source) => targets.forEach((value, target) => links.push({ source, target, value })));
      };
      gather(data.held, 0);
      gather(data.slashable, 1);
      const ids = [...new Set(links.flatMap((d) => [d.source, d.target]))];
      const nodes = ids.map((id) => {
        const layer = Number(id[0]), name = id.slice(2);
        return { id, layer, name, part: part(LAYERS[layer], name), rest: name === REST[layer] };
      });
      if (!links.length) return [element("p", { class: "nothing" }, "Nothing is restaked in this network.")];
      const height = Math.max(420, 31 * d3.max([0, 1, 2], (layer) => nodes.filter((d) => d.layer === layer).length));
      const layout = d3.sankey().nodeId((d) => d.id).nodeWidth(13).nodePadding(15).nodeAlign(d3.sankeyLeft)
        .nodeSort((a, b) => a.rest - b.rest || b.value - a.value).extent([[4, 22], [wide - 4, height - 6]]);
      const graph = layout({ nodes: nodes.map((d) => ({ ...d })), links: links.map((d) => ({ ...d })) });
      const top = d3.max(parts.filter((d) => !d.component.startsWith("(")), (d) => d.share) || 1;
      const fill = (d) => (d.rest ? "var(--c7)" : heat(d.part ? d.part.share / top : 0));
      const about = (d) => `${d.name}: ${eth(d.value)} ETH` + (d.part ? `\n${percent(d.part.share)} of the expected shortfall (${eth(d.part.es_contribution)} ± ${eth(d.part.std_err)} ETH)` : d.rest ? "" : "\nno part of the expected shortfall");
      const svg = d3.create("svg").attr("width", wide).attr("height", height).attr("viewBox", [0, 0, wide, height]);
      svg.append("g").attr("font-weight", 600).attr("fill", "var(--soft)").selectAll("text").data([["Tokens", 4, "start"], ["Companies", wide / 2, "middle"], ["AVSs", wide - 4, "end"]])
        .join("text").attr("x", (d) => d[1]).attr("y", 12).attr("text-anchor", (d) => d[2]).text((d) => d[0]);
      svg.append("g").attr("fill", "none").selectAll("path").data(graph.links).join("path")
        .attr("d", d3.sankeyLinkHorizontal()).attr("stroke", (d) => fill(d.target)).attr("stroke-opacity", (d) => (d.target.rest ? 0.22 : 0.55))
        .attr("stroke-width", (d) => Math.max(0.6, d.width)).append("title").text((d) => `${d.source.name} – ${d.target.name}: ${eth(d.value)} ETH`);
      const node = svg.append("g").selectAll("g").data(graph.nodes).join("g");
      node.append("rect").attr("x", (d) => d.x0).attr("y", (d) => d.y0).attr("width", (d) => d.x1 - d.x0).attr("height", (d) => Math.max(1, d.y1 - d.y0))
        .attr("fill", fill).attr("stroke", "var(--soft)").attr("stroke-width", 0.6).append("title").text(about);
      node.append("text").attr("x", (d) => (d.layer === 2 ? d.x0 - 5 : d.x1 + 5)).attr("y", (d) => (d.y0 + d.y1) / 2).attr("dy", "0.33em")
        .attr("text-anchor", (d) => (d.layer === 2 ? "end" : "start")).attr("fill", "var(--ink)").attr("stroke", "var(--paper)").attr("stroke-width", 3).attr("paint-order", "stroke")
        .text((d) => short(d.name, 26)).append("title").text(about);
      const key = element("div", { class: "legend" }, "share of the expected shortfall: ", ...[0, 0.5, 1].map((share) => element("span", {}, element("span", { style: `display:inline-block;width:1.6em;height:0.8em;background:${heat(share)};border:1px solid var(--soft);margin-right:0.35em` }), percent(share * top))));
      return [key, svg.node()];
    },

    joint(data, width, place) {
      const pairs = records(data.pairs);
      const names = [...new Set(pairs.map((d) => d.a))];
      const wide = Math.max(width, 44 * names.length + 140);
      place.classList.toggle("wide", wide > width);
      const most = 1 - meta.level;
      const cells = pairs.map((d) => ({ ...d, share: d.probability_both / most, told: `${d.a} and ${d.b}\nboth: ${percent(d.probability_both)} ± ${percent(d.probability_both_std_err)}` }));
      const dim = Math.min(wide, 62 * names.length + 150);
      const chart = plot(dim, {
        height: 26 * names.length + 110, marginLeft: 118, marginTop: 90, marginRight: 20, padding: 0.04,
        x: { domain: names, label: null, axis: "top", tickRotate: -45, tickFormat: (name) => short(name, 16) },
        y: { domain: names, label: null, tickFormat: (name) => short(name, 16) },
        marks: [
          Plot.cell(cells, { x: "b", y: "a", fill: (d) => heat(d.share), stroke: "var(--line)", title: "told", tip: true }),
          Plot.text(cells.filter((d) => d.probability_both > 0), { x: "b", y: "a", text: (d) => d3.format(".2~f")(100 * d.probability_both), fill: (d) => (d.share > 0.55 ? "var(--paper)" : "var(--ink)"), fontSize: 10, pointerEvents: "none" }),
        ],
        color: { type: "identity" },
      });
      return [element("div", { class: "legend" }, "in each cell: probability of both, in %"), chart];
    },

    timeline(data, width) {
      const days = [{ day: 0, direct: 0, contagion: 0, discount: 0 }, ...data.days.map(([day, direct, contagion, discount]) => ({ day, direct, contagion, discount }))];
      const series = [["direct", colour(0), ""], ["contagion", colour(1), "6 3"]];
      const last = days[days.length - 1];
      const much = 0.04 * Math.max(Math.abs(last.direct) + Math.abs(last.contagion), 1e-12);
      const events = data.events.map(([day, name, loss]) => ({ day, name, loss }));
      const told = (d) => `day ${d.day}\ndirect: ${eth(d.direct)} ETH\nby contagion: ${eth(d.contagion)} ETH\ndeepest discount of a token: ${percent(d.discount)}`;
      const chart = plot(width, {
        height: 240, marginLeft: 58, marginRight: 16, marginTop: 24, marginBottom: 38,
        r: { type: "identity" },
        x: { label: "Day", domain: [0, d3.max(days, (d) => d.day)], labelOffset: 34 },
        y: { label: "Loss so far, ETH", tickFormat: axis, grid: true, nice: true },
        marks: [
          Plot.ruleY([0], { stroke: "var(--soft)" }),
          Plot.tickX(events.filter((d) => d.loss >= much), { x: "day", stroke: "var(--soft)", strokeOpacity: 0.55, insetTop: 4 }),
          ...series.map(([key, stroke, dash]) => Plot.line(days, { x: "day", y: key, stroke, strokeWidth: 2, strokeDasharray: dash, curve: "step-after" })),
          Plot.dot(events, { x: "day", frameAnchor: "bottom", symbol: "triangle", fill: "var(--ink)", r: (d) => (d.loss >= much ? 5 : 2.5), title: (d) => `day ${d3.format(".1f")(d.day)}: ${d.name}\n${eth(d.loss)} ETH at once`, tip: true }),
          Plot.tip(days, Plot.pointerX({ x: "day", y: "direct", title: told })),
        ],
      });
      return [legend([{ name: "direct", stroke: colour(0) }, { name: "by contagion", stroke: colour(1), dash: "6 3" }, { name: "an event", stroke: "var(--soft)" }]), chart];
    },

    tornado(data, width) {
      const bars = records(data.parameters).map((d) => ({ ...d, name: d.parameter.replace(/^source\./, ""), low: d.ci_low === null ? null : d.ci_low * d.step, high: d.ci_high === null ? null : d.ci_high * d.step }));
      const names = bars.map((d) => d.name);
      const told = (d) => `${d.parameter}, ${d.method === "likelihood_ratio" && d.parameter.includes("loadings") ? `+${d.step}` : `+${percent(d.step)}`}\n${eth(d.change)} ETH, 95 %: ${eth(d.low)} to ${eth(d.high)}`;
      return [plot(width, {
        height: 28 * bars.length + 60, marginLeft: left(names, width), marginRight: 20, marginTop: 46,
        x: { labelOffset: 42, ticks: width > 600 ? 9 : 4, label: "Change of the expected shortfall, ETH", tickFormat: axis, grid: true, axis: "top", nice: true },
        y: { type: "band", domain: names, label: null, tickFormat: (name) => fit(name, width), padding: 0.25 },
        marks: [
          Plot.barX(bars, { y: "name", x: "change", fill: (d) => (d.change < 0 ? colour(2) : colour(1)), title: told, tip: true }),
          Plot.ruleY(bars.filter((d) => d.low !== null && d.high !== null), { y: "name", x1: "low", x2: "high", ...whisker }),
          Plot.ruleX([0], { stroke: "var(--soft)" }),
        ],
        color: { type: "identity" },
      })];
    },

    rates(data, width) {
      const points = records(data.rates);
      const told = (d) => `${percent(d.rate)} a year\n${eth(d.value)} ± ${eth(d.std_err)} ETH\n${interval(d)} ETH`;
      return [plot(width, {
        height: 290, marginLeft: 62, marginRight: 24, marginTop: 26, marginBottom: 44,
        x: { type: "log", label: "Rate of each source, a year", tickFormat: share, ticks: points.map((d) => d.rate), labelOffset: 40 },
        y: { label: "Expected shortfall, ETH", tickFormat: axis, grid: true, zero: true, nice: true },
        marks: [
          Plot.ruleX(points.filter((d) => d.ci_low !== null && d.ci_high !== null), { x: "rate", y1: "ci_low", y2: "ci_high", ...whisker }),
          Plot.line(points, { x: "rate", y: "value", stroke: colour(0), strokeWidth: 1.6 }),
          Plot.dot(points, { x: "rate", y: "value", fill: colour(0), r: 4, title: told, tip: true }),
          Plot.ruleY([0], { stroke: "var(--soft)" }),
        ],
      })];
    },

    caps(data, width) {
      const WORDS = { most: "its own max_eth", size: "size of the treasury", es: "budget of the ES", loss: "budget of P(loss)" };
      const stops = (binding) => WORDS[binding] ?? binding.replace(/^entity /, "company ");
      const bars = records(data.positions);
      const names = bars.map((d) => d.position);
      const told = (d) => `${d.position}\ncap: ${eth(d.cap_eth)} ETH, stopped by ${stops(d.cap_binding)}\nif leaving cost nothing: ${eth(d.cap_at_market_eth)} ETH\nheld: ${eth(d.held_eth)} ETH\nproposed: ${eth(d.proposed_eth)} ETH`;
      const chart = plot(width, {
        height: 27 * bars.length + 60, marginLeft: left(names, width), marginRight: Math.min(190, 0.28 * width), marginTop: 46,
        x: { labelOffset: 42, ticks: width > 600 ? 9 : 4, label: "ETH", tickFormat: axis, grid: true, axis: "top" },
        y: { type: "band", domain: names, label: null, tickFormat: (name) => fit(name, width), padding: 0.3 },
        marks: [
          Plot.barX(bars, { y: "position", x: "cap_eth", fill: colour(0), fillOpacity: 0.55, title: told, tip: true }),
          Plot.tickX(bars.filter((d) => d.held_eth > 0), { y: "position", x: "held_eth", stroke: "var(--ink)", strokeWidth: 2.5 }),
          Plot.dot(bars.filter((d) => d.proposed_eth > 0), { y: "position", x: "proposed_eth", stroke: colour(1), fill: "var(--paper)", strokeWidth: 2, r: 4 }),
          Plot.text(bars, { y: "position", x: (d) => Math.max(d.cap_eth, d.held_eth), dx: 8, textAnchor: "start", text: (d) => short(stops(d.cap_binding), width > 700 ? 30 : 14), fill: "var(--soft)" }),
          Plot.ruleX([0], { stroke: "var(--soft)" }),
        ],
      });
      return [legend([{ name: "cap by itself", stroke: colour(0) }, { name: "held today", stroke: "var(--ink)" }, { name: "proposed", stroke: colour(1) }]), chart];
    },

    convergence(data, width) {
      const points = records(data.points);
      const NAMES = { mean: "Mean", var: "Value at risk", es: "Expected shortfall" };
      const each = width > 860 ? width / 3 - 12 : width > 560 ? width / 2 - 10 : width;
      const small = element("div", { class: "small" }, ...["mean", "var", "es"].map((metric) => {
        const own = points.filter((d) => d.metric === metric);
        const band = own.filter((d) => d.ci_low !== null && d.ci_high !== null);
        const told = (d) => `${grouped(d.n_paths)} paths\n${eth(d.value)} ± ${eth(d.std_err)} ETH\n${interval(d)} ETH`;
        return plot(each, {
          height: 220, marginLeft: 54, marginRight: 14, marginTop: 26,
          x: { type: "log", base: 2, label: "Paths", tickFormat: d3.format(".2~s"), ticks: 4 },
          y: { label: `${NAMES[metric]}, ETH`, tickFormat: axis, grid: true, nice: true },
          marks: [
            Plot.areaY(band, { x: "n_paths", y1: "ci_low", y2: "ci_high", fill: colour(0), fillOpacity: 0.18 }),
            Plot.line(own, { x: "n_paths", y: "value", stroke: colour(0), strokeWidth: 2 }),
            Plot.dot(own, { x: "n_paths", y: "value", fill: colour(0), r: 3, title: told, tip: true }),
          ],
        });
      }));
      return [small];
    },
  };

  function render(place) {
    const width = Math.max(300, Math.floor(place.clientWidth));
    try {
      place.replaceChildren(...draw[place.dataset.kind](charts[place.dataset.chart], width, place));
      place.dataset.drawn = "yes";
    } catch (error) {
      place.replaceChildren(element("p", { class: "failed" }, `This chart could not be drawn: ${error.message}. Its figures are in the table.`));
      console.error(place.dataset.chart, error);
    }
  }

  const places = [...document.querySelectorAll(".plot")];
  places.forEach(render);
  let width = window.innerWidth, waiting = 0;
  window.addEventListener("resize", () => {
    if (window.innerWidth === width) return;
    width = window.innerWidth;
    clearTimeout(waiting);
    waiting = setTimeout(() => places.forEach(render), 150);
  });

  // A click on a title sorts by its column, a second one the other way round; cells that say nothing stay last.
  document.querySelectorAll("table.sortable").forEach((table) => {
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, column) => head.querySelector("button").addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "descending" || (head.getAttribute("aria-sort") === "none" && head.classList.contains("text"));
      heads.forEach((other) => other.setAttribute("aria-sort", "none"));
      head.setAttribute("aria-sort", down ? "ascending" : "descending");
      const numeric = head.classList.contains("number");
      const key = (row) => row.cells[column].dataset.sort ?? row.cells[column].textContent;
      const sorted = [...table.tBodies[0].rows].sort((a, b) => {
        const [x, y] = [key(a), key(b)];
        if (x === "" || y === "") return (x === "") - (y === "");
        const order = numeric ? Number(x) - Number(y) : x.localeCompare(y);
        return down ? order : -order;
      });
      table.tBodies[0].append(...sorted);
    }));
  });
})();
