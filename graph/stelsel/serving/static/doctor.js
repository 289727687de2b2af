// The check of a query in the editor of /sparql: remarks before it runs, and why an answer is empty.
"use strict";

(() => {
  const form = document.getElementById("vraag");
  const editor = document.getElementById("query");
  const button = document.getElementById("nagaan");
  const section = document.getElementById("advies");
  const list = document.getElementById("opmerkingen");
  const texts = JSON.parse(section.dataset.texts);
  let asking = null;

  const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, key) => values[key]);

  function element(name, text, attributes = {}) {
    const made = document.createElement(name);
    if (text !== undefined) made.textContent = text; // never innerHTML: what a query holds is text
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    return made;
  }

  function item(place, heading, sentences, query) {
    const made = element("li");
    if (heading) made.append(element("strong", heading), " ");
    made.append([fill(texts.place, place), ...sentences].filter(Boolean).join(" "));
    if (query) {
      const take = element("button", texts.take, { type: "button", class: "quiet" });
      take.addEventListener("click", () => {
        editor.value = query;
        editor.dispatchEvent(new Event("input"));
        editor.focus();
      });
      const details = element("details");
      details.append(element("summary", texts.instead), element("pre", query), take);
      made.append(details);
    }
    return made;
  }

  function show(report) {
    const items = [];
    if (report.error) items.push(element("li", report.error.message, { lang: "en" }));
    for (const found of [...report.terms, ...(report.diagnosis?.findings ?? [])]) items.push(item(found, "", [found.text], found.query));
    if (report.diagnosis?.summary) items.push(element("li", report.diagnosis.summary));
    for (const found of report.warnings) {
      const sentences = [found.why, found.instead, texts[`same.${found.same}`], found.unless];
      items.push(item(found, found.what, sentences, found.query));
    }
    if (report.unread && !report.error) items.push(element("li", texts.unread));
    if (items.length === 0) items.push(element("li", texts.none));
    const plan = element("details");
    plan.append(element("summary", texts.plan), element("pre", report.plan?.text ?? report.noPlan ?? ""));
    list.replaceChildren(...items);
    if (report.plan || report.noPlan) list.append(element("li"));
    if (report.plan || report.noPlan) list.lastChild.append(plan);
  }

  async function ask(empty) {
    asking?.abort();
    const controller = new AbortController();
    asking = controller;
    section.hidden = false;
    list.replaceChildren(element("li", texts.busy));
    try {
      const response = await fetch(`${form.action}/doctor?${new URLSearchParams({ taal: form.dataset.locale })}`, {
        method: "POST",
        headers: { Accept: "application/json" },
        body: new URLSearchParams({ query: editor.value, leeg: empty }),
        signal: controller.signal,
      });
      const report = await response.json();
      if (asking !== controller) return;
      if (response.ok) show(report);
      else list.replaceChildren(element("li", report.detail ?? texts.failed));
    } catch (error) {
      if (error.name !== "AbortError") list.replaceChildren(element("li", texts.failed));
    }
  }

  button.addEventListener("click", () => ask(false));
  form.addEventListener("leeg", () => ask(true)); // the answer to the query is empty
  form.addEventListener("traag", () => section.hidden && ask(false)); // it takes long, or took too long
  form.addEventListener("submit", () => {
    asking?.abort();
    section.hidden = true;
  });
})();
