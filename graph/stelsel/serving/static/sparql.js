// The editor of /sparql: sends the query, shows how far the answer is, and shows it as a table or as text.
// An answer that breaks off, or that is a problem document, is never shown as a result.
"use strict";

(() => {
  const form = document.getElementById("vraag");
  const editor = document.getElementById("query");
  const stop = document.getElementById("stop");
  const self = document.getElementById("deze");
  const outcome = document.getElementById("uitkomst");
  const status = document.getElementById("stand");
  const failure = document.getElementById("fout");
  const table = document.getElementById("tabel");
  const downloads = document.getElementById("ophalen");

  const texts = JSON.parse(form.dataset.texts);
  const prefixes = JSON.parse(form.dataset.prefixes); // namespace -> prefix
  const numbers = new Intl.NumberFormat(form.dataset.locale);
  const seconds = new Intl.NumberFormat(form.dataset.locale, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
  const rowsShown = 1000;
  const charactersShown = 100000;
  const slow = 3000; // milliseconds after which the doctor is asked what makes it slow
  const late = [503, 504]; // out of memory, out of time
  const accept =
    "application/sparql-results+json, text/turtle;q=0.9, application/n-triples;q=0.8, application/problem+json;q=0.1";
  let running = null;

  const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, key) => values[key]);

  function element(name, text, attributes = {}) {
    const made = document.createElement(name);
    if (text !== undefined) made.textContent = text; // never innerHTML: what the graph holds is text
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    return made;
  }

  function size(bytes) {
    for (const unit of ["B", "kB", "MB"]) {
      if (bytes < 1000) return `${numbers.format(Math.round(bytes * 10) / 10)} ${unit}`;
      bytes /= 1000;
    }
    return `${numbers.format(Math.round(bytes * 10) / 10)} GB`;
  }

  function short(iri) {
    const cut = Math.max(iri.lastIndexOf("#"), iri.lastIndexOf("/")) + 1;
    const prefix = prefixes[iri.slice(0, cut)];
    const local = iri.slice(cut);
    return prefix !== undefined && /^\w[\w-]*$/.test(local) ? `${prefix}:${local}` : iri;
  }

  function cell(term) {
    const made = element("td");
    if (!term) return made;
    const text = typeof term.value === "string" ? term.value : JSON.stringify(term.value);
    if (term.type === "uri" && /^(https?|urn):/i.test(text)) {
      const query = new URLSearchParams({ iri: text });
      if (form.dataset.language) query.set("taal", form.dataset.language);
      made.append(element("a", short(text), { href: `${form.dataset.resource}?${query}`, title: text }));
      return made;
    }
    made.append(element("bdi", text, term["xml:lang"] ? { lang: term["xml:lang"] } : {}));
    const datatype = term.datatype || "";
    const note = term["xml:lang"] || (datatype.endsWith("#string") ? "" : datatype.replace(/^.*[#/]/, ""));
    if (note) made.append(" ", element("small", note));
    return made;
  }

  function showRows(answer) {
    const names = answer.head.vars;
    const rows = answer.results.bindings;
    const made = element("table");
    const head = element("tr");
    for (const name of names) head.append(element("th", name, { scope: "col" }));
    made.append(element("thead"));
    made.tHead.append(head);
    const body = element("tbody");
    for (const row of rows.slice(0, rowsShown)) {
      const line = element("tr");
      for (const name of names) line.append(cell(row[name]));
      body.append(line);
    }
    made.append(body);
    table.replaceChildren(made);
    table.hidden = rows.length === 0;
    return rows.length;
  }

  function showText(text) {
    table.replaceChildren(element("pre", text.slice(0, charactersShown)));
    table.hidden = false;
  }

  function showFailure(heading, detail, place, lang = form.dataset.locale) {
    failure.replaceChildren(element("h3", heading), element("p", detail, { class: "note detail", lang }));
    if (place) failure.append(element("p", place));
  }

  function showProblem(response, text) {
    let problem = {};
    try {
      problem = JSON.parse(text);
    } catch {
      problem = { detail: text.slice(0, 2000) };
    }
    const { line, column } = problem;
    const heading = `${texts.failed} (${response.status}${problem.title ? `: ${problem.title}` : ""})`;
    showFailure(heading, problem.detail || response.statusText, line ? fill(texts.at, { line, column: column ?? "?" }) : "", "en");
    if (line) select(line, column ?? 1);
  }

  function select(line, column) {
    const before = editor.value.split("\n").slice(0, line - 1).join("\n");
    const start = Math.min(before.length + (line > 1 ? 1 : 0) + column - 1, editor.value.length);
    editor.focus();
    editor.setSelectionRange(start, Math.min(start + 1, editor.value.length));
  }

  function offer(formats) {
    downloads.replaceChildren(element("span", texts.download));
    for (const [name, label] of formats) {
      const query = new URLSearchParams({ query: editor.value, format: name });
      downloads.append(element("a", label, { href: `${form.action}?${query}`, class: "button quiet", download: "" }));
    }
    downloads.hidden = false;
  }

  async function read(response, progress) {
    const reader = response.body.getReader();
    const decoder = new TextDecoder();
    const parts = [];
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return parts.join("") + decoder.decode();
      progress(value.length);
      parts.push(decoder.decode(value, { stream: true }));
    }
  }

  async function run() {
    running?.abort();
    const controller = new AbortController();
    running = controller;
    const started = performance.now();
    let bytes = 0;
    const elapsed = () => seconds.format((performance.now() - started) / 1000);
    const tell = () => {
      status.textContent = fill(texts.running, { seconds: elapsed(), bytes: size(bytes) });
    };
    outcome.hidden = false;
    stop.hidden = false;
    table.hidden = true;
    downloads.hidden = true;
    failure.replaceChildren();
    tell();
    // Once a second: a screen reader that is told ten times a second says nothing else.
    const clock = setInterval(tell, 1000);
    const patience = setTimeout(() => form.dispatchEvent(new Event("traag")), slow);
    let received = false;
    try {
      const response = await fetch(form.action, {
        method: "POST",
        headers: { Accept: accept },
        body: new URLSearchParams({ query: editor.value }),
        signal: controller.signal,
      });
      received = true;
      const text = await read(response, (length) => { bytes += length; });
      clearInterval(clock);
      status.textContent = "";
      if (!response.ok) {
        showProblem(response, text);
        if (late.includes(response.status)) form.dispatchEvent(new Event("traag"));
        return;
      }
      show(response, text, elapsed());
    } catch (error) {
      clearInterval(clock);
      if (running !== controller) return;
      status.textContent = "";
      if (error.name === "AbortError") status.textContent = texts.cancelled;
      else showFailure(texts.failed, received ? texts.broken : texts.network);
    } finally {
      clearInterval(clock);
      clearTimeout(patience);
      if (running === controller) {
        running = null;
        stop.hidden = true;
      }
    }
  }

  function show(response, text, time) {
    const type = response.headers.get("Content-Type") || "";
    if (!type.includes("json")) {
      showText(text);
      status.textContent = texts.graph;
      if (text.length > charactersShown) {
        status.textContent += ` ${fill(texts.shownText, { shown: numbers.format(charactersShown) })}`;
      }
      offer([["turtle", "Turtle"], ["ntriples", "N-Triples"], ["jsonld", "JSON-LD"], ["rdfxml", "RDF/XML"]]);
      return;
    }
    const answer = JSON.parse(text);
    if (typeof answer.boolean === "boolean") {
      status.textContent = answer.boolean ? texts.yes : texts.no;
      if (!answer.boolean) form.dispatchEvent(new Event("leeg"));
      return;
    }
    const count = showRows(answer);
    const said = [fill(texts.done, { rows: numbers.format(count), seconds: time })];
    if (count === 0) {
      said.push(texts.none);
      form.dispatchEvent(new Event("leeg"));
    }
    if (count > rowsShown) {
      said.push(fill(texts.shown, { shown: numbers.format(rowsShown), rows: numbers.format(count) }));
    }
    if (answer.head.link?.length) said.push(texts.truncated);
    status.textContent = said.join(" ");
    offer([["csv", "CSV"], ["tsv", "TSV"], ["json", "JSON"], ["xml", "XML"]]);
  }

  function remember() {
    self.href = `#query=${encodeURIComponent(editor.value)}`;
  }

  function recall() {
    const given = /^#query=(.*)$/s.exec(location.hash);
    if (!given) return;
    try {
      editor.value = decodeURIComponent(given[1]);
    } catch {
      return; // a link that was cut off: the editor keeps what it has
    }
    remember();
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    run();
  });
  stop.addEventListener("click", () => running?.abort());
  editor.addEventListener("input", remember);
  editor.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      form.requestSubmit();
    }
  });
  window.addEventListener("hashchange", recall);
  recall();
  remember();
})();
