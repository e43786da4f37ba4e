"use strict";
// What htmx has no word for: keys, fields of code, and the end of a live log.
(() => {
  const MOST_LINES = 2000, AGAIN_MS = 3000;

  // A page that nobody sees asks nothing.
  document.addEventListener("htmx:beforeRequest", (event) => {
    const polls = /every|load delay/.test(event.detail.elt.getAttribute("hx-trigger") || "");
    if (document.hidden && polls) event.preventDefault();
  });
  const wake = () => { if (!document.hidden) htmx.trigger(document.body, "wake"); };
  document.addEventListener("visibilitychange", wake);

  // A live log goes on after an error; it follows its end unless somebody reads further up.
  const isMore = (element) => element.classList && element.classList.contains("more");
  document.addEventListener("htmx:beforeSwap", (event) => {
    const {elt, xhr} = event.detail;
    if (isMore(elt) && xhr.status !== 200) { event.detail.shouldSwap = false; setTimeout(wake, AGAIN_MS); }
    const log = elt.closest(".log");
    if (log) log.dataset.follow = log.scrollHeight - log.scrollTop - log.clientHeight < 40 ? "1" : "";
  });
  document.addEventListener("htmx:sendError", (event) => {
    if (isMore(event.detail.elt)) setTimeout(wake, AGAIN_MS);
  });
  document.addEventListener("htmx:afterSettle", () => {
    for (const log of document.querySelectorAll(".log")) {
      while (log.children.length > MOST_LINES) log.firstElementChild.remove();
      if (log.dataset.follow) log.scrollTop = log.scrollHeight;
    }
  });

  // On a narrow screen the list of pages is wider than that: the page that is shown is in sight.
  const here = document.querySelector("header nav [aria-current]");
  if (here) here.parentElement.scrollLeft = here.offsetLeft - here.parentElement.offsetLeft - 16;

  const PLACES = {o: "/", f: "/functions", q: "/sources", l: "/logs", t: "/traces", d: "/dashboards", s: "/stacks", c: "/clock"};
  let going = 0;
  document.addEventListener("keydown", (event) => {
    const field = event.target.closest("input, textarea, select");
    if (field && event.key === "Enter" && (event.ctrlKey || event.metaKey) && field.form) {
      event.preventDefault();
      field.form.requestSubmit();
    } else if (!field && !event.ctrlKey && !event.metaKey && !event.altKey) {
      const search = document.querySelector("[data-search]");
      if (event.key === "/" && search) { event.preventDefault(); search.focus(); }
      else if (event.key === "g") going = event.timeStamp;
      else if (event.timeStamp - going < 1500 && PLACES[event.key]) location.href = PLACES[event.key];
    }
    if (event.target.matches("[data-code]")) edit(event);
  });

  function edit(event) {
    const field = event.target;
    if (event.key === "Escape") field.dataset.leave = "1";
    else if (event.key === "Tab" && !field.dataset.leave && !event.shiftKey) {
      event.preventDefault();
      field.setRangeText("    ", field.selectionStart, field.selectionEnd, "end");
    } else if (event.key !== "Tab") delete field.dataset.leave;
  }
  document.addEventListener("focusin", (event) => {
    if (event.target.matches("[data-code]")) delete event.target.dataset.leave;
  });

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-fill]");
    if (button) document.getElementById(button.dataset.fill).value = button.dataset.text;
  });
})();
