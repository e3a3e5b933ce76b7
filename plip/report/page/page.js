"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const form = document.querySelector("form.controls");
  const rows = [...document.querySelectorAll("tr.claim")];
  const bodies = [...document.querySelectorAll("table.claims > tbody")];
  const texts = new Map(rows.map((row) => [row, row.textContent.toLowerCase()]));
  const filters = { verdict: byId("verdict"), section: byId("section"), kind: byId("kind") };
  const search = byId("search");
  const decisions = byId("decisions");

  const fits = (row, words) =>
    (!filters.verdict.value || row.dataset.verdict === filters.verdict.value) &&
    (!filters.section.value || row.dataset.section === filters.section.value) &&
    (!filters.kind.value || row.dataset.kinds.split(" ").includes(filters.kind.value)) &&
    (!decisions.checked || "decision" in row.dataset) &&
    words.every((word) => texts.get(row).includes(word));

  const apply = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const row of rows) {
      row.hidden = !fits(row, words);
      shown += row.hidden ? 0 : 1;
    }
    for (const body of bodies) {
      body.hidden = !body.querySelector("tr.claim:not([hidden])");
    }
    byId("shown").textContent = `${shown} of ${rows.length} claims shown`;
    byId("nothing").hidden = shown > 0;
  };

  const reset = () => {
    form.reset();
    apply();
  };

  // A claim that a link leads to is shown, whatever is filtered, and opened.
  const follow = () => {
    let id = location.hash.slice(1);
    try {
      id = decodeURIComponent(id);
    } catch {
      return;
    }
    const row = byId(id);
    if (!row || !row.matches("tr.claim")) return;
    if (row.hidden) reset();
    row.querySelector("details").open = true;
    row.scrollIntoView();
  };

  form.addEventListener("input", apply);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(apply));
  for (const link of document.querySelectorAll("[data-show]")) {
    link.addEventListener("click", () => {
      form.reset();
      filters.verdict.value = link.dataset.show;
      apply();
    });
  }
  byId("open").addEventListener("click", () => {
    for (const row of rows) if (!row.hidden) row.querySelector("details").open = true;
  });
  byId("close").addEventListener("click", () => {
    for (const row of rows) row.querySelector("details").open = false;
  });

  // On paper nothing can be opened.
  let closed = [];
  addEventListener("beforeprint", () => {
    closed = [...document.querySelectorAll("details:not([open])")];
    for (const detail of closed) detail.open = true;
  });
  addEventListener("afterprint", () => {
    for (const detail of closed) detail.open = false;
  });

  addEventListener("hashchange", follow);
  // A link to where the page already is changes nothing that a browser would tell.
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href^='#']");
    if (link && link.hash === location.hash) follow();
  });
  form.hidden = false;
  apply();
  follow();
})();
