// Help while typing: a prefix that is known is declared by itself, and Ctrl + Space gives the classes and properties that
// the graph has. Nothing is asked of anyone but this service, and no key does anything else than it always does.
"use strict";

(() => {
  const form = document.getElementById("vraag");
  const editor = document.getElementById("query");
  const list = document.getElementById("voorstellen");
  const said = document.getElementById("melding");
  const texts = JSON.parse(form.dataset.texts);
  const prefixes = new Map(Object.entries(JSON.parse(form.dataset.prefixes)).map(([space, prefix]) => [prefix, space]));
  const shown = 12;
  const question = `PREFIX void: <http://rdfs.org/ns/void#>
SELECT DISTINCT ?term WHERE {
  { ?graph void:classPartition/void:class ?term } UNION { ?graph void:propertyPartition/void:property ?term }
}`;
  let vocabulary = null;
  let found = [];
  let chosen = 0;

  const declared = (prefix) => new RegExp(`\\bPREFIX\\s+${prefix}:`, "i").test(editor.value);
  const before = () => editor.value.slice(0, editor.selectionStart);

  // execCommand keeps what undo knows; where it is gone, the text is set.
  function replace(start, end, text) {
    editor.focus();
    editor.setSelectionRange(start, end);
    if (!document.execCommand("insertText", false, text)) {
      editor.setRangeText(text, start, end, "end");
      editor.dispatchEvent(new Event("input"));
    }
  }

  function declare(prefix) {
    if (!prefixes.has(prefix) || declared(prefix)) return;
    const line = `PREFIX ${prefix}: <${prefixes.get(prefix)}>\n`;
    const at = editor.selectionStart + line.length;
    replace(0, 0, line);
    editor.setSelectionRange(at, at);
    said.textContent = texts.declared.replace("{prefix}", `${prefix}:`);
  }

  async function learn() {
    const response = await fetch(`${form.action}?${new URLSearchParams({ query: question })}`, {
      headers: { Accept: "application/sparql-results+json" },
    });
    if (!response.ok) return [];
    const terms = (await response.json()).results.bindings.map((row) => row.term.value);
    return terms.map(short).sort();
  }

  function short(iri) {
    for (const [prefix, space] of prefixes) {
      if (iri.startsWith(space) && /^\w[\w-]*$/.test(iri.slice(space.length))) return `${prefix}:${iri.slice(space.length)}`;
    }
    return `<${iri}>`;
  }

  function hide() {
    list.hidden = true;
    editor.removeAttribute("aria-activedescendant");
  }

  function draw() {
    list.replaceChildren(
      ...found.map((term, index) => {
        const item = document.createElement("li");
        item.id = `voorstel-${index}`;
        item.textContent = term;
        item.setAttribute("role", "option");
        item.setAttribute("aria-selected", String(index === chosen));
        item.addEventListener("mousedown", (event) => {
          event.preventDefault(); // the editor keeps the focus
          chosen = index;
          take();
        });
        return item;
      }),
    );
    list.hidden = found.length === 0;
    if (found.length === 0) hide();
    else editor.setAttribute("aria-activedescendant", `voorstel-${chosen}`);
  }

  async function suggest() {
    said.textContent = "";
    vocabulary ??= learn().catch(() => []);
    const terms = await vocabulary;
    const typed = /[\w:-]*$/.exec(before())[0].toLowerCase();
    const local = (term) => term.replace(/^.*[:#/]/, "").toLowerCase();
    const begins = terms.filter((term) => term.toLowerCase().startsWith(typed) || local(term).startsWith(typed));
    const holds = terms.filter((term) => !begins.includes(term) && term.toLowerCase().includes(typed));
    found = [...begins, ...holds].slice(0, shown);
    chosen = 0;
    draw();
    said.textContent = found.length ? texts.suggested : texts.nothing;
  }

  function take() {
    const term = found[chosen];
    const typed = /[\w:-]*$/.exec(before())[0];
    hide();
    said.textContent = "";
    replace(editor.selectionStart - typed.length, editor.selectionStart, term);
    if (!term.startsWith("<")) declare(term.slice(0, term.indexOf(":")));
  }

  editor.addEventListener("input", (event) => {
    hide();
    const typed = /(?:^|[\s{}()[\];,.^|/!])([A-Za-z][\w-]*):$/.exec(before());
    // Afterwards: within an event of the editor, a browser lets nothing be typed into it.
    if (event.data === ":" && typed) setTimeout(() => declare(typed[1]));
  });
  editor.addEventListener("keydown", (event) => {
    if (event.key === " " && event.ctrlKey) suggest();
    else if (list.hidden) return;
    else if (event.key === "ArrowDown") chosen = (chosen + 1) % found.length;
    else if (event.key === "ArrowUp") chosen = (chosen + found.length - 1) % found.length;
    else if (event.key === "Enter" && !event.ctrlKey && !event.metaKey) take();
    else if (event.key === "Escape") hide();
    else return;
    event.preventDefault();
    if (!list.hidden) draw();
  });
  editor.addEventListener("blur", hide);
})();
