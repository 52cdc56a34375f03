// What HTML cannot do alone: the theme, the keyboard, open tables that stay open, streams that rest while nobody looks.
"use strict";
(() => {
  const root = document.documentElement;
  try { if (localStorage.theme) root.dataset.theme = localStorage.theme; } catch { /* no storage: the system's theme it is */ }

  const switchTheme = () => {
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
    try { localStorage.theme = root.dataset.theme; } catch { /* it lasts for this page */ }
  };

  const copy = async (button) => {
    await navigator.clipboard.writeText(button.parentElement.querySelector("pre").textContent);
    button.textContent = "Copied";
  };

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-theme-switch]")) switchTheme();
    if (event.target.closest("[data-help]")) document.getElementById("help").showModal();
    const button = event.target.closest("[data-copy]");
    if (button) copy(button);
  });

  const pages = { a: "/", p: "/promises", b: "/backorders", l: "/load", q: "/desk" };
  let went = 0;
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, textarea")) return;
    if (event.key === "/") { event.preventDefault(); document.getElementById("q").focus(); }
    else if (event.key === "?") document.getElementById("help").showModal();
    else if (event.key === "g") went = Date.now();
    else if (pages[event.key] && Date.now() - went < 1500) location.href = pages[event.key];
  });

  // A picture that is replaced keeps its table open.
  let open = false;
  document.addEventListener("htmx:sseBeforeMessage", (event) => { open = Boolean(event.target.querySelector("details[open]")); });
  document.addEventListener("htmx:sseMessage", (event) => {
    const details = event.target.querySelector("details");
    if (details && open) details.open = true;
  });

  // Nobody looks: the stream rests. Somebody looks again: the page is asked for anew, and with it a new stream.
  let stream = null, resting = false;
  document.addEventListener("htmx:sseOpen", (event) => {
    stream = event.detail.source;
    root.dataset.live = "yes";
    if (document.hidden) rest();
  });
  document.addEventListener("htmx:sseError", () => { root.dataset.live = "no"; });
  const rest = () => { if (stream) { stream.close(); resting = true; } };
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) setTimeout(() => { if (document.hidden) rest(); }, 15000);
    else if (resting) {
      resting = false;
      htmx.ajax("GET", location.href, { target: "#main", select: "#main", swap: "outerHTML" });
    }
  });

  // A field that is the same every day, such as one's name, is remembered.
  const kept = (field) => `kept.${field.dataset.kept}`;
  document.addEventListener("DOMContentLoaded", () => {
    for (const field of document.querySelectorAll("input[data-kept]")) {
      try { field.value = localStorage.getItem(kept(field)) || ""; } catch { /* no storage: it is typed again */ }
    }
  });
  document.addEventListener("change", (event) => {
    if (!event.target.matches("input[data-kept]")) return;
    try { localStorage.setItem(kept(event.target), event.target.value); } catch { /* it lasts for this page */ }
  });

  const left = (until) => {
    const seconds = Math.max(0, Math.round((Date.parse(until) - Date.now()) / 1000));
    return seconds ? `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}` : "now: it has expired";
  };
  setInterval(() => {
    for (const time of document.querySelectorAll("time[data-until]")) time.textContent = left(time.dataset.until);
  }, 500);
})();
