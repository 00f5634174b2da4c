"use strict";
// Sorts and filters the page's tables. Without it they are whole, and in their own order.
(() => {
  const FEWEST_ROWS = 4;
  const MOST_CHOICES = 40;
  const NUMBER = /^[+\-\u2212]?\d+(\.\d+)?/;

  function element(tag, properties = {}, ...children) {
    const made = Object.assign(document.createElement(tag), properties);
    made.append(...children);
    return made;
  }

  // What a cell says, without what the script itself put there.
  const text = (cell) =>
    [...cell.childNodes]
      .filter((node) => !node.classList?.contains("of"))
      .map((node) => node.textContent)
      .join("")
      .trim();

  function number(said) {
    const found = NUMBER.exec(said);
    return found ? Number(found[0].replace("\u2212", "-")) : null;
  }

  // What isn't there ("", a dash, "outside the sweep" among numbers) stays last either way.
  function compare(one, other, direction) {
    if (one === null || other === null) return (one === null) - (other === null);
    const order =
      typeof one === "number"
        ? one - other
        : one.localeCompare(other, "en", { numeric: true });
    return direction * order;
  }

  // Rows with the heading that they stand under, which each row says itself while it is sorted.
  function entries(body) {
    const found = [];
    let group = null;
    for (const row of body.rows) {
      if (row.classList.contains("group")) {
        group = row;
        continue;
      }
      found.push({ row, group, shown: true, texts: [...row.cells].map(text) });
      if (group) {
        const of = element("span", { className: "of" }, `${group.textContent.trim()}: `);
        row.cells[0].prepend(of);
      }
    }
    return found;
  }

  function keys(rows, column) {
    const said = rows.map(({ texts }) => texts[column]);
    const numbers = said.map(number);
    if (column > 0 && numbers.some((value) => value !== null)) return numbers;
    return said.map((value) => (/^[\s\-\u2013\u2014]*$/.test(value) ? null : value));
  }

  function sortable(table, rows) {
    const body = table.tBodies[0];
    const inOrder = [...body.rows];
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, column) => {
      // Within the span that stands upright, where there is one.
      const place = head.querySelector(":scope > span:not(.interval)") ?? head;
      const button = element("button", { type: "button", title: "Sort" }, ...place.childNodes);
      place.append(button);
      button.addEventListener("click", () => {
        const values = keys(rows, column);
        // Of numbers the largest is looked for first, of names the first.
        const first = values.some((value) => typeof value === "number") ? -1 : 1;
        const before = { descending: -1, ascending: 1 }[head.getAttribute("aria-sort")];
        const direction = before === undefined ? first : before === first ? -first : 0;
        heads.forEach((other) => other.removeAttribute("aria-sort"));
        table.classList.toggle("sorted", direction !== 0);
        if (direction === 0) {
          body.append(...inOrder);
          return;
        }
        head.setAttribute("aria-sort", direction < 0 ? "descending" : "ascending");
        const order = rows.map((_, index) => index);
        order.sort((a, b) => compare(values[a], values[b], direction));
        body.append(...order.map((index) => rows[index].row));
      });
    });
  }

  // Columns of few different names can be chosen from; so can the headings within the table. (No
  // <select>: beside one, Chromium prints upright columns too wide.)
  function choices(table, rows, update) {
    const found = [];
    const offer = (name, of) => {
      const values = [...new Set(rows.map(of))].filter(Boolean);
      if (values.length < 2 || values.length > MOST_CHOICES || values.length === rows.length) return;
      const chosen = new Set();
      const buttons = values.map((value) => {
        const button = element("button", { type: "button", ariaPressed: "false" }, value);
        button.addEventListener("click", () => {
          if (!chosen.delete(value)) chosen.add(value);
          button.ariaPressed = String(chosen.has(value));
          update();
        });
        return button;
      });
      found.push({ bar: element("p", {}, `${name}: `, ...buttons), chosen, of });
    };
    offer("under", ({ group }) => (group ? group.textContent.trim() : ""));
    [...table.tHead.rows[0].cells].forEach((head, column) => {
      const numeric = rows.some(({ texts }) => number(texts[column]) !== null);
      if (column === 0 || !numeric) offer(text(head), ({ texts }) => texts[column]);
    });
    return found;
  }

  function filterable(table, rows) {
    const search = element("input", { type: "search", placeholder: "words of the rows" });
    search.ariaLabel = search.placeholder;
    const count = element("output");
    const update = () => {
      const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
      for (const entry of rows) {
        const said = `${entry.group?.textContent ?? ""} ${entry.texts.join(" ")}`.toLowerCase();
        entry.shown =
          words.every((word) => said.includes(word)) &&
          offered.every(({ chosen, of }) => !chosen.size || chosen.has(of(entry)));
        entry.row.hidden = !entry.shown;
      }
      const groups = new Set(rows.filter(({ shown }) => shown).map(({ group }) => group));
      rows.forEach(({ group }) => group && (group.hidden = !groups.has(group)));
      const left = rows.filter(({ shown }) => shown).length;
      count.textContent = left < rows.length ? `: ${left} of ${rows.length} rows` : "";
    };
    const offered = choices(table, rows, update);
    search.addEventListener("input", update);
    const bars = offered.map(({ bar }) => bar);
    const summary = element("summary", {}, "Filter", count);
    const tools = element("details", { className: "tools" }, summary, ...bars, search);
    table.parentElement.before(tools);
  }

  for (const table of document.querySelectorAll("main table:not(.settings)")) {
    const rows = entries(table.tBodies[0]);
    if (rows.length < FEWEST_ROWS) continue;
    filterable(table, rows);
    sortable(table, rows);
  }

  const folded = [...document.querySelectorAll("main details:not(.tools)")];
  const all = (open) => () => folded.forEach((each) => (each.open = open));
  const buttons = [true, false].map((open) => {
    const name = open ? "Open all" : "Close all";
    const button = element("button", { type: "button" }, name);
    button.addEventListener("click", all(open));
    return button;
  });
  document.querySelector("nav").append(element("p", { className: "tools" }, ...buttons));

  // A link leads into what is folded, too.
  function reveal() {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    for (let each = target; each; each = each.parentElement?.closest("details")) {
      if (each.tagName === "DETAILS") each.open = true;
    }
    target?.scrollIntoView();
  }
  addEventListener("hashchange", reveal);
  if (location.hash) reveal();
})();
