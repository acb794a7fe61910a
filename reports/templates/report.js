"use strict";
(() => {
  // All text goes into the page as text; nothing here makes markup of it.
  const byId = id => document.getElementById(id);
  const put = (node, children) => { for (const child of children.flat(9)) if (child !== null && child !== undefined && child !== false) node.append(child); return node; };
  const set = (node, attributes) => {
    for (const [name, value] of Object.entries(attributes || {})) {
      if (value === null || value === undefined || value === false) continue;
      if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
      else node.setAttribute(name, value === true ? "" : value);
    }
    return node;
  };
  const el = (tag, attributes, ...children) => put(set(document.createElement(tag), attributes), children);
  const svg = (tag, attributes, ...children) => put(set(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes), children);
  const read = id => JSON.parse(byId(id).textContent);

  const data = read("data"), { kinds, forms, targets, documents, rules, scenarios, strings, cases } = data;
  const count = cases.verdict.length, ROLES = ["client", "server"], HOLDS = ["", "undecided", "holds", "loosely", "broken"];
  const view = byId("view"), overview = byId("overview");
  const plural = (n, noun) => n + " " + (n === 1 ? noun : noun.endsWith("y") ? noun.slice(0, -1) + "ies" : noun + "s");
  const time = us => us < 1e3 ? us + " µs" : us < 1e6 ? (us / 1e3).toFixed(1) + " ms" : (us / 1e6).toFixed(1) + " s";
  const caseId = i => { const s = cases.suffix[i]; return s.startsWith("=") ? s.slice(1) : scenarios[cases.scenario[i]].id + s; };
  const caseName = i => targets[cases.target[i]].name;
  const caseLink = i => "#/case/" + [caseName(i), ROLES[cases.role[i]], caseId(i)].map(encodeURIComponent).join("/");
  const verdict = i => kinds[cases.verdict[i]] + (cases.form[i] ? " (" + forms[cases.form[i] - 1] + ")" : "");
  const chip = (kind, text) => el("span", { class: "chip " + kind }, text || kind);
  const casesLink = query => "#/cases?" + new URLSearchParams(query);
  let messages = null;
  const message = number => { messages ||= read("messages"); return messages.messages[number]; };
  const name = number => messages.strings[number];

  // ---- cases: filter and table ----
  const PAGE = 200;
  let haystacks = null;
  const haystack = i => {
    haystacks ||= scenarios.map(s => (s.title + " " + s.rules.map(r => rules[r].id + " " + (rules[r].instead || "")).join(" ")).toLowerCase());
    return caseId(i).toLowerCase() + " " + caseName(i).toLowerCase() + " " + strings[cases.reason[i]].toLowerCase() + " " + haystacks[cases.scenario[i]];
  };
  const searched = [];
  const fitting = query => {
    const words = (query.get("q") || "").toLowerCase().split(/\s+/).filter(Boolean), target = query.get("t"), standing = query.get("s");
    const wanted = query.has("v") ? new Set(query.get("v").split(",")) : null, found = [];
    for (let i = 0; i < count; i++) {
      if (wanted && !wanted.has(kinds[cases.verdict[i]])) continue;
      if (target && caseName(i) !== target) continue;
      if (standing && cases.standing[i] !== Number(standing)) continue;
      if (words.length) { const text = searched[i] ||= haystack(i); if (!words.every(word => text.includes(word))) continue; }
      found.push(i);
    }
    return found;
  };
  const caseRow = i => {
    const scenario = scenarios[cases.scenario[i]], standing = ["", "in the baseline", "to look at", "not expected"][cases.standing[i]];
    return el("tr", null,
      el("td", null, chip(kinds[cases.verdict[i]], verdict(i))),
      el("td", { class: "id" }, el("a", { class: "mono", href: caseLink(i) }, caseId(i)), el("span", { class: "title" }, scenario.title)),
      el("td", { class: "nowrap" }, caseName(i), targets.length && cases.role[i] === 0 ? " (client)" : null),
      el("td", { class: "nowrap level" }, scenario.level),
      el("td", { class: "came" }, strings[cases.reason[i]], standing && el("span", { class: "faint" }, " " + standing)),
      el("td", { class: "n time" }, time(cases.took_us[i])));
  };
  const casesView = query => {
    const used = kinds.filter(kind => cases.verdict.includes(kinds.indexOf(kind)));
    const search = el("input", { type: "search", id: "search", placeholder: "Search: id, title, requirement, what came  ( / )", "aria-label": "Search cases", autocomplete: "off", value: query.get("q") || "" });
    const choose = (label, options, value) => { const select = el("select", { "aria-label": label }, options.map(([v, text]) => el("option", { value: v }, text))); select.value = value || ""; return select; };
    const target = choose("Target", [["", "All targets"], ...targets.map(t => [t.name, t.name])], query.get("t"));
    const standing = choose("Standing", [["", "Any standing"], ["3", "Not expected"], ["2", "To look at"], ["1", "In the baseline"], ["0", "Fine"]], query.get("s"));
    const wanted = query.has("v") ? query.get("v").split(",") : used;
    const boxes = used.map(kind => el("input", { type: "checkbox", value: kind, checked: wanted.includes(kind), "aria-label": kind }));
    const shown = el("output", { class: "faint small", id: "shown", "aria-live": "polite" });
    const body = el("tbody"), more = el("button", { type: "button", class: "more" });
    let found = [], drawn = 0;
    const draw = () => {
      const next = found.slice(drawn, drawn + PAGE);
      body.append(...next.map(caseRow));
      drawn += next.length;
      more.hidden = drawn >= found.length;
      more.textContent = "Show " + Math.min(PAGE, found.length - drawn) + " more of " + (found.length - drawn);
    };
    const filter = replace => {
      const now = new URLSearchParams(), checked = boxes.filter(box => box.checked).map(box => box.value);
      if (search.value) now.set("q", search.value);
      if (target.value) now.set("t", target.value);
      if (standing.value) now.set("s", standing.value);
      if (checked.length !== used.length) now.set("v", checked.join(","));
      found = fitting(now);
      drawn = 0;
      body.replaceChildren();
      draw();
      shown.textContent = plural(found.length, "case") + (found.length === count ? "" : " of " + count);
      if (replace) history.replaceState(null, "", "#/cases" + ([...now].length ? "?" + now : ""));
      listed = found;
    };
    more.addEventListener("click", draw);
    [search, target, standing, ...boxes].forEach(field => field.addEventListener("input", () => filter(true)));
    const form = el("form", { class: "filter", role: "search", "aria-label": "Filter cases", onsubmit: event => event.preventDefault() },
      search, targets.length > 1 && target, standing,
      el("fieldset", null, el("legend", { class: "away" }, "Verdict"), boxes.map(box => el("label", { class: "toggle" }, box, chip(box.value)))), shown);
    const table = el("div", { class: "card scroll" }, el("table", { class: "cases" },
      el("thead", null, el("tr", null, ["Verdict", "Case", "Target", "Level", "Came"].map(text => el("th", { scope: "col" }, text)), el("th", { scope: "col", class: "n" }, "Time"))), body));
    filter(false);
    return [el("h1", null, "Cases"), form, table, more];
  };
  let listed = null;
  const withPages = cases.detail.flatMap((number, i) => number ? [i] : []);

  // ---- one case ----
  const ruleBox = number => {
    const rule = rules[number];
    return el("div", { class: "rule" }, el("p", null, rule.sentence), el("p", { class: "faint small" }, rule.citation ? rule.citation + " · " : "", ruleLink(number), rule.weight ? " · " + rule.weight : ""));
  };
  const ruleLink = number => {
    const rule = rules[number], document = documents.find(d => rule.id.startsWith(d.name + "-"));
    return el("a", { class: "mono", href: "#/requirements/" + (document ? document.name + "/" + encodeURIComponent(rule.section) : "others/-") }, rule.id);
  };
  const FILES = [["capture.pcapng", "packet capture with keys"], ["transcript.txt", "all bytes as text"], ["transcript.json", "transcript"], ["scenario.yaml", "scenario as played"], ["keys.log", "key log"]];
  const caseView = path => {
    const [target, role, id] = path.map(decodeURIComponent);
    let i = 0;
    while (i < count && !(caseName(i) === target && ROLES[cases.role[i]] === role && caseId(i) === id)) i++;
    if (i === count) return [el("h1", null, "No such case"), el("p", null, id + " on " + target + " is not in this report.")];
    const scenario = scenarios[cases.scenario[i]], kind = kinds[cases.verdict[i]], detail = cases.detail[i] ? read("d" + cases.detail[i]) : null;
    const order = listed && listed.includes(i) ? listed : withPages, place = order.indexOf(i);
    const step = (by, text) => place >= 0 && order[place + by] !== undefined ? el("a", { href: caseLink(order[place + by]), rel: by < 0 ? "prev" : "next" }, text) : null;
    const facts = new Map(detail ? detail.facts : [["came", strings[cases.reason[i]] || "as expected"]]);
    const fact = key => { const text = facts.get(key); facts.delete(key); return text; };
    const expected = fact("expected"), came = fact("came"), replay = fact("replay");
    const others = Object.entries(targets).filter(([t]) => Number(t) !== cases.target[i]).map(([t]) => {
      for (let j = 0; j < count; j++) if (cases.target[j] === Number(t) && cases.scenario[j] === cases.scenario[i] && cases.suffix[j] === cases.suffix[i] && cases.role[j] === cases.role[i]) return j;
      return -1;
    }).filter(j => j >= 0);
    return [
      el("nav", { class: "back", "aria-label": "Cases" }, el("a", { href: "#/cases" }, "← Cases"), el("span", null, step(-1, "previous (k)"), " \u00a0 ", step(1, "next (j)"))),
      el("div", { class: "headline" }, chip(kind, verdict(i)), el("span", { class: "mono faint" }, id)),
      el("h1", null, scenario.title),
      el("p", { class: "faint" }, "on " + target + " as " + role, cases.standing[i] === 1 ? ", as the baseline says" : ""),
      scenario.rules.map(ruleBox),
      expected !== undefined && el("div", { class: "pair" },
        el("div", { class: "card" }, el("div", { class: "label" }, "Expected"), el("div", { class: "big" }, expected)),
        el("div", { class: "card" }, el("div", { class: "label" }, "Came"), el("div", { class: "big " + kind }, came))),
      expected === undefined && el("p", null, came),
      facts.size + others.length > 0 && el("dl", { class: "facts" }, [...facts].map(([key, text]) => [el("dt", null, key), el("dd", null, text)]),
        others.length > 0 && [el("dt", null, "elsewhere"), el("dd", null, others.map(j => [el("a", { href: caseLink(j) }, caseName(j)), " ", chip(kinds[cases.verdict[j]], verdict(j)), " "]))]),
      detail && scenario.source && yaml(detail, scenario.source),
      detail && detail.rows.length > 0 && [el("h2", { id: "happened" }, "What happened"), stage(detail.rows, role)],
      replay && [el("h2", null, "See it again"), command(replay)],
      detail && detail.evidence && el("p", { class: "small" }, "Evidence: ", FILES.map(([file, text]) => [el("a", { href: detail.evidence + file, title: text }, file), " · "]), el("a", { href: detail.evidence }, "the folder")),
    ];
  };
  const command = text => {
    const button = el("button", { type: "button", class: "copy" }, "Copy");
    button.addEventListener("click", async () => {
      try { await navigator.clipboard.writeText(text); button.textContent = "Copied"; } catch { getSelection().selectAllChildren(button.previousSibling); }
    });
    return el("div", { class: "command" }, el("code", null, text), button);
  };
  const yaml = (detail, source) => {
    const [line, column, width] = detail.at || [0, 0, 0];
    const lines = source.replace(/\n$/, "").split("\n").map((text, index) => {
      const letters = [...text], from = column - 1, decides = index + 1 === line;
      return el("span", { class: "line" + (decides ? " decides" : ""), id: "line-" + (index + 1) }, el("span", { class: "number" }, String(index + 1)),
        decides ? [letters.slice(0, from).join(""), el("mark", null, letters.slice(from, from + Math.max(1, width)).join("")), letters.slice(from + Math.max(1, width)).join("")] : text);
    });
    return [el("h2", null, "The scenario"), el("p", { class: "faint small mono" }, detail.place), el("div", { class: "card" }, el("pre", { class: "yaml", tabindex: "0", "aria-label": "Scenario; line " + line + " decided" }, lines))];
  };

  // ---- the ladder ----
  const stage = (rows, role) => {
    const picture = el("div", { class: "card pad" }), panel = el("div", { class: "card pad panel", "aria-live": "polite" });
    const ours = role === "server" ? "client" : "server", usLeft = true;
    const first = rows.findIndex(row => row.kind === "message" && row.changes), last = rows.findLastIndex(row => row.kind === "message");
    let chosen = first >= 0 ? first : last;
    const choose = (index, focus) => {
      chosen = index;
      picture.querySelectorAll("g[tabindex]").forEach(group => group.setAttribute("aria-pressed", String(Number(group.dataset.row) === index)));
      panel.replaceChildren(...messagePanel(rows[index], ours));
      if (focus) picture.querySelector(`g[data-row="${index}"]`)?.focus();
    };
    const draw = () => {
      const width = Math.max(300, picture.clientWidth - 40), left = 14, right = width - 14, fit = Math.floor((right - left - 60) / 6.6);
      const cut = text => text.length > fit ? text.slice(0, fit - 1) + "…" : text;
      const parts = [];
      let y = 34;
      rows.forEach((row, index) => {
        if (row.kind === "change" && rows[index + 1]?.kind === "message" && rows[index + 1].from !== 1) return;
        if (row.kind === "step") {
          y += 34;
          parts.push(svg("line", { class: "rule-line", x1: left, x2: right, y1: y - 4, y2: y - 4 }), svg("text", { class: "dim", x: width / 2, y: y - 9, "text-anchor": "middle" }, row.name));
        } else if (row.kind === "message") {
          y += 40;
          const them = row.from === 1, size = row.size === undefined ? "" : " · " + row.size + " B";
          const from = them ? right : left, to = them ? left : right, tip = them ? 7 : -7;
          const classes = [them ? "them" : "us", row.changes ? "changed" : "", row.name === "alert" ? "alert" : ""].join(" ");
          const said = (them ? "from the target: " : "from Gauntlet: ") + row.name + (row.text ? ", " + row.text : "") + (row.changes ? "; altered: " + row.changes.join("; ") : "");
          parts.push(svg("g", { class: classes, tabindex: index === chosen ? "0" : "-1", role: "button", "aria-pressed": String(index === chosen), "aria-label": said, "data-row": String(index), onclick: () => choose(index) },
            svg("title", null, said),
            svg("rect", { class: "hit", x: 2, y: y - 30, width: width - 4, height: 38, rx: 5 }),
            svg("text", { class: "name", x: left + 12, y: y - 15 }, (row.changes ? "✱ " : "") + row.name, svg("tspan", { class: "dim" }, size)),
            svg("text", { class: "dim", x: right - 12, y: y - 15, "text-anchor": "end" }, row.keys && row.keys !== "none" ? row.keys + " keys" : ""),
            svg("text", { class: "dim", x: left + 12, y: y - 2 }, cut(row.text || "")),
            svg("line", { class: "arrow", x1: from, x2: to, y1: y + 4, y2: y + 4 }), svg("path", { d: `M${to} ${y + 4} l${tip} -4 l0 8 z` })));
        } else {
          y += 22;
          const sign = { remark: "! ", change: "✱ ", good: "✓ ", in: "← ", out: "→ " }[row.kind] || "";
          parts.push(svg("text", { class: row.kind === "remark" || row.kind === "change" ? "remark" : row.kind === "good" ? "good" : "dim", x: row.kind === "in" ? right - 12 : left + 12, "text-anchor": row.kind === "in" ? "end" : "start", y }, svg("title", null, row.name), sign + cut(row.name)));
        }
      });
      y += 20;
      picture.replaceChildren(svg("svg", { class: "ladder", width, height: y, viewBox: `0 0 ${width} ${y}`, role: "group", "aria-label": "Messages in order; arrow keys choose one" },
        svg("text", { x: 0, y: 16 }, "Gauntlet (" + ours + ")"), svg("text", { x: width, y: 16, "text-anchor": "end" }, "target (" + role + ")"),
        svg("line", { class: "life", x1: left - 8, x2: left - 8, y1: 26, y2: y }), svg("line", { class: "life", x1: right + 8, x2: right + 8, y1: 26, y2: y }), parts));
    };
    picture.addEventListener("keydown", event => {
      const order = rows.flatMap((row, index) => row.kind === "message" ? [index] : []), at = order.indexOf(chosen);
      const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: order.length - 1 }[event.key];
      if (event.key === "Enter" || event.key === " ") { event.preventDefault(); choose(chosen); }
      if (order[to] !== undefined) { event.preventDefault(); choose(order[to]); draw(); choose(chosen, true); }
    });
    requestAnimationFrame(() => { draw(); if (chosen >= 0) choose(chosen); });
    let waiting = 0;
    onResize = () => { cancelAnimationFrame(waiting); waiting = requestAnimationFrame(() => { draw(); }); };
    return el("div", { class: "stage" }, picture, chosen >= 0 && panel);
  };
  let onResize = null;
  addEventListener("resize", () => onResize && onResize());

  const messagePanel = (row, ours) => {
    const head = [el("h3", null, row.name), el("p", { class: "faint small" }, (row.from === 1 ? "from the target" : "from Gauntlet") + ", " + plural(row.size, "byte") + (row.keys && row.keys !== "none" ? ", under " + row.keys + " keys" : ", in the clear") + ", at " + time(row.us)),
      row.changes && el("ul", { class: "fail small" }, row.changes.map(text => el("li", null, text))), row.text && el("p", { class: "small" }, row.text)];
    if (row.message === undefined) return [...head, el("p", { class: "faint small" }, "Its bytes are in the evidence; this file has no room for them.")].flat().filter(Boolean);
    const read = message(row.message);
    if (row.meant === undefined) return [...head, ...bytesAndFields(read, null)].flat().filter(Boolean);
    const meant = message(row.meant);
    return [...head, el("div", { class: "both" },
      el("section", null, el("h3", null, "As meant"), bytesAndFields(meant, read)),
      el("section", null, el("h3", null, "As the target reads it"), bytesAndFields(read, meant)))].flat().filter(Boolean);
  };
  const lines = m => {
    const out = [];
    for (let at = 0; at < m.fields.length; at += 5) {
      const [depth, label, start, end, value] = m.fields.slice(at, at + 5), bytes = m.hex.slice(2 * start, 2 * end);
      out.push({ depth, start, end, label: name(label), value: value >= 0 ? name(value) : bytes.length > 48 ? bytes.slice(0, 40) + "… (" + (end - start) + ")" : bytes });
    }
    return out;
  };
  const bytesAndFields = (m, other) => {
    const fields = lines(m), key = line => line.depth + line.label + "=" + line.value;
    const known = other ? new Map() : null;
    if (other) for (const line of lines(other)) known.set(key(line), (known.get(key(line)) || 0) + 1);
    const differs = fields.map(line => { if (!known) return false; const left = known.get(key(line)) || 0; known.set(key(line), left - 1); return left <= 0; });
    const size = m.hex.length / 2, leaf = new Int32Array(size).fill(-1), marks = new Uint8Array(size);
    fields.forEach((line, index) => {
      const isLeaf = !(fields[index + 1] && fields[index + 1].depth > line.depth);
      for (let at = line.start; at < Math.min(line.end, size); at++) { if (isLeaf) leaf[at] = index; if (isLeaf && differs[index]) marks[at] = 1; }
    });
    const cells = [], rowsOfHex = [];
    let band = false;
    for (let at = 0; at < size; at++) {
      if (at > 0 && leaf[at] !== leaf[at - 1]) band = !band;
      const cell = el("span", { class: (band ? "b" : "") + (marks[at] ? " other" : "") }, m.hex.slice(2 * at, 2 * at + 2));
      if (leaf[at] >= 0) { cell.title = fields[leaf[at]].label; cell.addEventListener("mouseenter", () => light(leaf[at])); }
      cells.push(cell);
      if (at % 16 === 0) rowsOfHex.push(el("span", { class: "at" }, at.toString(16).padStart(4, "0")));
      rowsOfHex.push(cell);
      if (at % 16 === 15) rowsOfHex.push("\n");
    }
    const light = index => {
      tree.querySelectorAll(".on").forEach(node => node.classList.remove("on"));
      cells.forEach((cell, at) => cell.classList.toggle("on", at >= fields[index].start && at < fields[index].end));
      tree.children[index].classList.add("on");
    };
    const keep = new Set();
    fields.forEach((line, index) => {
      if (!differs[index]) return;
      for (let at = index, depth = line.depth + 1; at >= 0 && depth > 0; at--) if (fields[at].depth < depth) { keep.add(at); depth = fields[at].depth; }
    });
    const brief = keep.size > 0 && keep.size < fields.length;
    const tree = el("div", { class: "tree mono" + (brief ? " brief" : ""), tabindex: "0", role: "group", "aria-label": "Fields" }, fields.map((line, index) => {
      const node = el("div", { class: (differs[index] ? "other " : "") + (keep.has(index) ? "keep" : "") }, " ".repeat(2 * line.depth), line.label, line.value && [": ", el("span", { class: differs[index] ? "other" : "value" }, line.value)]);
      node.addEventListener("mouseenter", () => light(index));
      return node;
    }));
    tree.addEventListener("keydown", event => {
      const at = [...tree.children].findIndex(node => node.classList.contains("on")), to = at + { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (tree.children[to]) { event.preventDefault(); light(to); tree.children[to].scrollIntoView({ block: "nearest" }); }
    });
    const hex = el("div", { class: "hex mono", tabindex: "0", role: "group", "aria-label": "Bytes" }, rowsOfHex);
    const all = brief && el("button", { type: "button", class: "small", onclick: () => { all.textContent = tree.classList.toggle("brief") ? "All fields" : "Only what differs"; } }, "All fields");
    return [fields.length > 0 && tree, all, hex, m.size > size && el("p", { class: "faint small" }, "The first " + size + " of " + m.size + " bytes.")];
  };

  // ---- requirements ----
  const ORDER = ["open", "hidden", "undecided", "holds", "loosely", "broken"];
  const stateOf = (rule, chosen) => {
    let worst = 0;
    (rule.holds || []).forEach((holds, t) => { if (chosen === "" || targets[t].name === chosen) worst = Math.max(worst, holds); });
    return worst ? HOLDS[worst] : rule.seen ? "open" : "hidden";
  };
  const WORDS = { holds: "holds", loosely: "holds loosely", broken: "broken", undecided: "tried, not decided", open: "not tried", hidden: "no peer can see it" };
  const counted = rule => !rule.instead;
  const requirementsView = (path, query) => {
    const chosen = query.get("t") || "", [open, section] = path.map(decodeURIComponent);
    const select = el("select", { "aria-label": "Target" }, el("option", { value: "" }, "All targets: the worst"), targets.map(t => el("option", { value: t.name }, t.name)));
    select.value = chosen;
    select.addEventListener("input", () => { location.hash = "#/requirements" + (path.length ? "/" + path.join("/") : "") + (select.value ? "?" + new URLSearchParams({ t: select.value }) : ""); });
    const suffix = chosen ? "?" + new URLSearchParams({ t: chosen }) : "";
    const total = {}, touched = [], untouched = [];
    for (const document of documents) {
      const all = document.sections.flatMap(([, numbers]) => numbers).map(n => rules[n]).filter(counted), tally = {};
      for (const rule of all) { const state = stateOf(rule, chosen); tally[state] = (tally[state] || 0) + 1; total[state] = (total[state] || 0) + 1; }
      (all.some(rule => (rule.holds || []).some(h => h > 0)) || document.name === open ? touched : untouched).push([document, tally]);
    }
    const tried = ([, tally]) => ["undecided", "holds", "loosely", "broken"].reduce((sum, state) => sum + (tally[state] || 0), 0);
    touched.sort((a, b) => tried(b) - tried(a));
    const numbers = tally => el("p", { class: "numbers" }, ORDER.slice().reverse().filter(state => tally[state]).map(state => el("span", { class: state }, tally[state] + " " + WORDS[state])));
    const STATES = ["decided", "partly", "not yet", "not observable"];
    const numbersOf = (document, weight) => { const all = document.sections.flatMap(([, n]) => n).map(n => rules[n]).filter(rule => rule.state && rule.weight === weight); return STATES.map(state => all.filter(rule => rule.state === state).length); };
    const coverageTable = list => el("div", { class: "card scroll" }, el("table", { class: "small coverage" },
      el("caption", { class: "away" }, "Requirements decided by all targets of this report together"),
      el("thead", null, el("tr", null, ["", "", ...STATES, "of what can be seen"].map((text, at) => el("th", { scope: "col", class: at > 1 ? "n" : "" }, text)))),
      el("tbody", null, list.map(([document]) => [["MUST", "MUST"], ["SHOULD", "SHOULD"], ["not scored", "MAY"], ["derived", "derived"]].map(([weight, title]) => [title, numbersOf(document, weight)]).filter(([, n]) => n.some(Boolean)).map(([title, n], at) => {
        const seen = n[0] + n[1] + n[2];
        return el("tr", null, el("th", { scope: "row" }, at === 0 ? document.label : ""), el("td", null, title), n.map(number => el("td", { class: "n" }, String(number))), el("td", { class: "n" }, seen ? Math.floor(100 * n[0] / seen) + " %" : "–"));
      })))));
    const mapOf = document => el("div", { class: "map" }, document.sections.filter(([, n]) => n.some(r => counted(rules[r]))).map(([title, n]) => {
      const mine = n.filter(r => counted(rules[r])), states = mine.map(r => stateOf(rules[r], chosen)), isOpen = document.name === open && title === section;
      const said = ORDER.slice().reverse().map(state => [states.filter(s => s === state).length, WORDS[state]]).filter(([k]) => k).map(([k, w]) => k + " " + w).join(", ");
      return el("a", { class: "section", href: isOpen ? "#/requirements" + suffix : "#/requirements/" + document.name + "/" + encodeURIComponent(title) + suffix, "aria-expanded": String(isOpen), "aria-label": document.label + ", " + title + ": " + said, title: said },
        title, el("span", { class: "cells" }, states.map((state, at) => el("i", { class: "cell " + state, title: rules[mine[at]].id + ": " + WORDS[state] }))));
    }));
    const card = ([document, tally]) => el("section", { class: "card document", id: "document-" + document.name },
      el("h3", null, document.label, " ", el("span", { class: "faint", style: "font-weight:400" }, document.title)), numbers(tally), mapOf(document),
      document.name === open && ruleTable(document.sections.find(([title]) => title === section)?.[1] || []));
    setTimeout(() => open && byId("document-" + open)?.querySelector(".rules")?.scrollIntoView({ block: "nearest" }));
    return [el("h1", null, "Requirements"),
      el("p", { class: "faint" }, "A square is a requirement; choose a section to read it. What is stated twice, or superseded, is shown where it counts."),
      targets.length > 1 && el("form", { class: "filter" }, select),
      el("ul", { class: "key" }, ["holds", "loosely", "broken", "undecided", "open", "hidden"].map(state => el("li", null, el("i", { class: "cell " + state }), (total[state] || 0) + " " + WORDS[state]))),
      touched.map(card),
      el("h2", { id: "decided" }, "How far requirements are decided"),
      el("p", { class: "faint" }, "By a case that ran against a real stack and came out as pass, loose or fail, in every role that the requirement binds; partly: in one of two."),
      coverageTable(touched),
      untouched.length > 0 && el("details", { class: "quiet", open: touched.length === 0 }, el("summary", null, plural(untouched.length, "document") + " that no case of this report names"), untouched.map(card))];
  };
  const ruleTable = numbers => el("table", { class: "rules" },
    el("thead", null, el("tr", null, ["Requirement", "In words", "Counts as", ...targets.map(t => t.name)].map(text => el("th", { scope: "col" }, text)))),
    el("tbody", null, numbers.map(number => {
      const rule = rules[number];
      return el("tr", { id: "rule-" + rule.id }, el("td", { class: "mono" }, rule.id), el("td", null, rule.sentence, rule.note && el("div", { class: "faint small" }, rule.note), rule.why_not && el("div", { class: "faint small" }, rule.state + ": " + rule.why_not)),
        el("td", { class: "nowrap" }, rule.instead ? ["see ", el("span", { class: "mono" }, rule.instead)] : rule.weight),
        targets.map((t, at) => holdsCell(rule, at)));
    })));
  const holdsCell = (rule, at) => {
    const holds = HOLDS[(rule.holds || [])[at] || 0];
    return el("td", { class: holds }, holds ? el("a", { class: holds, href: casesLink({ q: rule.id, t: targets[at].name }) }, holds) : el("span", { class: "faint" }, rule.seen ? "–" : "not observable"));
  };

  // ---- matrix ----
  const matrixView = query => {
    const onlyDiffering = el("input", { type: "checkbox", checked: query.get("d") === "1" }), words = el("input", { type: "search", placeholder: "Search requirements", "aria-label": "Search requirements", value: query.get("q") || "" });
    const body = el("tbody"), shown = el("output", { class: "faint small", "aria-live": "polite" });
    const named = rules.map((rule, number) => number).filter(number => (rules[number].holds || []).some(h => h > 0));
    const differs = rule => new Set(rule.holds.filter(h => h > 1)).size > 1;
    const fill = replace => {
      const texts = words.value.toLowerCase().split(/\s+/).filter(Boolean);
      const rows = named.filter(n => (!onlyDiffering.checked || differs(rules[n])) && texts.every(w => (rules[n].id + " " + rules[n].sentence).toLowerCase().includes(w)));
      body.replaceChildren(...rows.map(n => el("tr", null, el("td", null, ruleLink(n), el("div", { class: "small" }, rules[n].sentence)), el("td", { class: "nowrap" }, rules[n].weight), targets.map((t, at) => holdsCell(rules[n], at)))));
      shown.textContent = plural(rows.length, "requirement");
      const now = new URLSearchParams();
      if (words.value) now.set("q", words.value);
      if (onlyDiffering.checked) now.set("d", "1");
      if (replace) history.replaceState(null, "", "#/matrix" + ([...now].length ? "?" + now : ""));
    };
    [onlyDiffering, words].forEach(field => field.addEventListener("input", () => fill(true)));
    fill(false);
    return [el("h1", null, "Requirement by target"),
      el("form", { class: "filter", role: "search", onsubmit: event => event.preventDefault() }, words, targets.length > 1 && el("label", null, onlyDiffering, " only where targets differ"), shown),
      el("div", { class: "card scroll" }, el("table", { class: "small matrix" }, el("thead", null, el("tr", null, ["Requirement", "Counts as", ...targets.map(t => t.name)].map(text => el("th", { scope: "col" }, text)))), body)),
      targets.length > 1 && differencesView()];
  };
  const differencesView = () => {
    const byCase = new Map();
    for (let i = 0; i < count; i++) {
      const key = cases.role[i] + caseId(i);
      if (!byCase.has(key)) byCase.set(key, new Array(targets.length).fill(-1));
      byCase.get(key)[cases.target[i]] = i;
    }
    const decided = i => i >= 0 && !["skip", "error"].includes(kinds[cases.verdict[i]]);
    const rows = [...byCase.values()].filter(row => new Set(row.filter(decided).map(i => kinds[cases.verdict[i]])).size > 1);
    const body = el("tbody"), more = el("button", { type: "button", class: "more" });
    let drawn = 0;
    const draw = () => {
      body.append(...rows.slice(drawn, drawn + PAGE).map(row => { const i = row.find(i => i >= 0); return el("tr", null, el("td", null, el("span", { class: "mono" }, caseId(i)), el("div", { class: "faint small" }, scenarios[cases.scenario[i]].title)), row.map(j => el("td", null, j < 0 ? "–" : el("a", { href: caseLink(j), style: "text-decoration:none" }, chip(kinds[cases.verdict[j]], verdict(j)))))); }));
      drawn = Math.min(drawn + PAGE, rows.length);
      more.hidden = drawn >= rows.length;
      more.textContent = "Show more of " + (rows.length - drawn);
    };
    more.addEventListener("click", draw);
    draw();
    return [el("h2", null, "Where targets differ: " + plural(rows.length, "case")), el("div", { class: "card scroll" }, el("table", { class: "small" }, el("thead", null, el("tr", null, ["Case", ...targets.map(t => t.name)].map(text => el("th", { scope: "col" }, text)))), body)), more];
  };

  // ---- capabilities ----
  const probeView = () => {
    const columns = targets.flatMap(t => t.probes.map(probe => ({ title: t.name + (probe.role ? " (" + probe.role + ")" : ""), version: t.version, probe })));
    const order = [...new Set(columns.flatMap(c => c.probe.kinds.map(([kind]) => kind)))];
    const sign = known => known === undefined ? el("td", { class: "faint" }, "not asked") : known === "yes" ? el("td", { class: "pass" }, "✓ yes") : known === "no" ? el("td", { class: "faint" }, "no") : el("td", { class: "loose", title: known.slice(2) }, "? " + known.slice(2));
    return [el("h1", null, "What targets can do"), el("p", { class: "faint" }, "As the probe found it ahead of the run; what a target lacks is skipped."),
      order.map(kind => {
        const names = [...new Set(columns.flatMap(c => (c.probe.kinds.find(([k]) => k === kind)?.[1] || []).map(([n]) => n)))];
        const has = columns.map(c => new Map(c.probe.kinds.find(([k]) => k === kind)?.[1] || []));
        return [el("h2", null, kind.replaceAll("_", " ")), el("div", { class: "card scroll" }, el("table", { class: "small" }, el("thead", null, el("tr", null, ["", ...columns.map(c => c.title)].map(text => el("th", { scope: "col" }, text)))), el("tbody", null, names.map(n => el("tr", null, el("th", { scope: "row", class: "mono", style: "font-weight:400" }, n), has.map(map => sign(map.get(n))))))))];
      })];
  };

  // ---- cost ----
  const costView = () => {
    const measured = targets.filter(t => t.costs.length);
    if (!measured.length) return [el("h1", null, "What handshakes cost"), el("p", null, "This run measured none; only servers are measured.")];
    const title = cost => [cost.version, cost.version === "tls1.3" ? cost.group || "psk" : (cost.cipher_suite.match(/TLS_(.*)_WITH/) || [])[1] || cost.cipher_suite, cost.handshake, cost.retry ? "after a retry" : ""].filter(Boolean).join(" · ");
    const keys = [...new Set(measured.flatMap(t => [...t.costs, ...t.reference]).map(title))].sort();
    const find = (list, key) => list.find(cost => title(cost) === key);
    const bars = (heading, unit, parts, of) => {
      const all = measured.flatMap(t => [[t.name, t.costs], ...(t.reference.length ? [["reference", t.reference]] : [])]).filter(([name], at, list) => list.findIndex(([other]) => other === name) === at);
      const rows = keys.flatMap(key => all.map(([name, list]) => [key, name, find(list, key)]).filter(([, , cost]) => cost && of(cost).some(n => n > 0)));
      if (!rows.length) return null;
      const most = Math.max(...rows.map(([, , cost]) => of(cost).reduce((a, b) => a + b, 0))), width = 900, begin = 380, high = 18;
      let y = 0, before = "";
      const drawn = rows.flatMap(([key, name, cost]) => {
        const parts = [];
        if (key !== before) { y += 30; parts.push(svg("text", { x: 0, y: y + 4 }, key)); before = key; } else y += high + 2;
        parts.push(svg("text", { class: "dim", x: begin - 8, y: y + 4, "text-anchor": "end" }, name));
        let x = begin;
        of(cost).forEach((n, at) => { const w = n / most * (width - begin - 90); parts.push(svg("rect", { class: ["us", "them", "other"][at], x, y: y - 8, width: Math.max(0, w), height: high - 3, rx: 2 })); x += w; });
        parts.push(svg("text", { class: "dim", x: x + 6, y: y + 4 }, of(cost).map(n => unit === "µs" ? time(n) : n).join(" + ")));
        return parts;
      });
      return [el("h2", null, heading), el("p", { class: "faint small" }, parts), el("div", { class: "card pad scroll" }, svg("svg", { class: "plot", viewBox: `0 0 ${width} ${y + 20}`, role: "img", "aria-label": heading + "; the numbers are in the table below" }, drawn))];
    };
    const phase = cost => cost.took_us ? [cost.answer_us || 0, cost.took_us - (cost.answer_us || 0)] : [0];
    return [el("h1", null, "What handshakes cost"),
      el("p", { class: "faint" }, "Plain handshakes, played once each behind the probe. A round trip is two flights; time is that of this machine, with our own share in it, and is not known of stacks in our process."),
      bars("Bytes until the handshake is complete", "B", "First ours, then the target's.", cost => [cost.sent, cost.received]),
      bars("Time", "µs", "First until the answer begins, then until the handshake is complete.", phase),
      el("h2", null, "All numbers"),
      measured.map(t => el("div", { class: "card scroll", style: "margin-bottom:1rem" }, el("table", { class: "small cost" }, el("caption", { style: "padding-left:.75rem" }, t.name),
        el("thead", null, el("tr", null, ["Handshake", "Suite", "Flights", "Round trips", "Ours, bytes", "Target's, bytes", "Answer after", "Complete after", "Reference: flights, bytes"].map((text, at) => el("th", { scope: "col", class: at > 1 ? "n" : "" }, text)))),
        el("tbody", null, t.costs.map(cost => {
          const other = find(t.reference, title(cost));
          return el("tr", null, el("th", { scope: "row" }, title(cost)), el("td", { class: "mono" }, cost.cipher_suite), [cost.flights, Math.ceil(cost.flights / 2), cost.sent, cost.received, cost.answer_us == null ? "–" : time(cost.answer_us), cost.took_us == null ? "–" : time(cost.took_us), other ? other.flights + ", " + other.sent + " + " + other.received : "–"].map(text => el("td", { class: "n" }, String(text))));
        })))))];
  };

  // ---- the frame ----
  const TITLES = { "": "Overview", requirements: "Requirements", cases: "Cases", case: "Case", matrix: "Matrix", probe: "Capabilities", cost: "Cost" };
  const views = { requirements: requirementsView, cases: (path, query) => casesView(query), case: path => caseView(path), matrix: (path, query) => matrixView(query), probe: probeView, cost: costView };
  const route = first => {
    const [path, query] = location.hash.replace(/^#\/?/, "").split("?"), [part, ...rest] = path.split("/");
    if (location.hash && !location.hash.startsWith("#/")) return;
    onResize = null;
    const make = views[part];
    overview.hidden = Boolean(make);
    view.hidden = !make;
    view.replaceChildren();
    if (make) put(view, [make(rest, new URLSearchParams(query || ""))]);
    byId("parts").querySelectorAll("a").forEach(link => { const mine = link.getAttribute("href").slice(2); if (mine === (make ? part === "case" ? "cases" : part : "")) link.setAttribute("aria-current", "page"); else link.removeAttribute("aria-current"); });
    if (first !== true) { document.title = "Gauntlet: " + (TITLES[part] || "Overview"); if (part !== "requirements") scrollTo(0, 0); byId("main").focus({ preventScroll: true }); }
  };
  const themes = ["", "light", "dark"], theme = byId("theme");
  const paint = chosen => {
    if (chosen) document.documentElement.dataset.theme = chosen; else delete document.documentElement.dataset.theme;
    theme.lastElementChild.textContent = chosen || "auto";
    theme.setAttribute("aria-label", "Colours: " + (chosen || "as the system has them"));
  };
  let painted = "";
  try { painted = localStorage.getItem("gauntlet-theme") || ""; } catch { /* a file may have no storage */ }
  paint(painted);
  theme.addEventListener("click", () => {
    painted = themes[(themes.indexOf(painted) + 1) % themes.length];
    paint(painted);
    try { localStorage.setItem("gauntlet-theme", painted); } catch { /* then it lasts as long as the page */ }
  });
  document.addEventListener("keydown", event => {
    if (/^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName) || event.ctrlKey || event.metaKey || event.altKey) { if (event.key === "Escape") event.target.blur(); return; }
    if (event.key === "/") { event.preventDefault(); if (!byId("search")) { location.hash = "#/cases"; route(); } byId("search").focus(); }
    if (event.key === "j") view.querySelector("a[rel=next]")?.click();
    if (event.key === "k") view.querySelector("a[rel=prev]")?.click();
  });
  theme.hidden = byId("parts").hidden = false;
  addEventListener("hashchange", route);
  route(true);
  document.documentElement.dataset.ready = "yes";
})();
