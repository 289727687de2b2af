// Queries in tabs: an example opens beside what one was writing, never over it. They last as long as the browser's own tab.
"use strict";

(() => {
  const editor = document.getElementById("query");
  const examples = document.getElementById("voorbeeld");
  const list = document.getElementById("bladen");
  const panel = document.getElementById("blad");
  const close = document.getElementById("sluit");
  const texts = JSON.parse(document.getElementById("vraag").dataset.texts);
  const key = "stelsel-sparql";
  const most = 20;

  let tabs = [];
  let active = 0;

  function stored() {
    try {
      const found = JSON.parse(sessionStorage.getItem(key));
      if (Array.isArray(found?.tabs) && found.tabs.every((tab) => typeof tab.text === "string")) return found;
    } catch { /* storage that is off, or that another version filled */ }
    return { tabs: [], active: 0 };
  }

  function store() {
    try {
      sessionStorage.setItem(key, JSON.stringify({ tabs, active }));
    } catch { /* full, or off: the queries last as long as the page */ }
  }

  const name = (tab) => tab.title || texts.untitled.replace("{number}", tab.number);

  function draw() {
    list.replaceChildren(
      ...tabs.map((tab, index) => {
        const made = document.createElement("button");
        made.type = "button";
        made.id = `blad-${index}`;
        made.textContent = name(tab);
        made.title = name(tab);
        made.tabIndex = index === active ? 0 : -1;
        made.setAttribute("role", "tab");
        made.setAttribute("aria-controls", panel.id);
        made.setAttribute("aria-selected", String(index === active));
        made.addEventListener("click", () => select(index));
        return made;
      }),
    );
    panel.setAttribute("aria-labelledby", `blad-${active}`);
    close.hidden = tabs.length < 2;
    list.children[active].scrollIntoView({ block: "nearest", inline: "nearest" });
    store();
  }

  function show() {
    editor.value = tabs[active].text;
    editor.dispatchEvent(new Event("input"));
    draw();
  }

  function select(index) {
    active = (index + tabs.length) % tabs.length;
    show();
  }

  function open(title, text) {
    if (tabs.length === most) tabs.shift();
    const number = 1 + Math.max(0, ...tabs.map((tab) => tab.number));
    tabs.push({ title, text, number });
    select(tabs.length - 1);
  }

  function remove() {
    if (tabs.length < 2) return;
    tabs.splice(active, 1);
    select(Math.min(active, tabs.length - 1));
  }

  editor.addEventListener("input", () => {
    tabs[active].text = editor.value;
    store();
  });
  list.addEventListener("keydown", (event) => {
    const steps = { ArrowLeft: active - 1, ArrowRight: active + 1, Home: 0, End: tabs.length - 1 };
    if (event.key in steps) select(steps[event.key]);
    else if (event.key === "Delete") remove();
    else return;
    event.preventDefault();
    list.children[active].focus();
  });
  document.getElementById("nieuw").addEventListener("click", () => {
    open("", "");
    editor.focus();
  });
  close.addEventListener("click", () => {
    remove();
    editor.focus();
  });
  examples?.addEventListener("change", () => {
    if (!examples.value) return;
    open(examples.selectedOptions[0].textContent, examples.value);
    examples.value = "";
    editor.focus();
  });
  window.addEventListener("hashchange", () => editor.dispatchEvent(new Event("input")));

  ({ tabs, active } = stored());
  // A link to a query opens in a tab of its own.
  if (tabs.length === 0 || (location.hash && tabs[active]?.text !== editor.value)) open("", editor.value);
  else select(active);
})();
