// Two repairs to the widget script on static pages.
// A slider's handle has no name of its own: give it the text of its label.
new MutationObserver(() => {
  document.querySelectorAll(".jupyter-widgets .noUi-handle:not([aria-label])").forEach((handle) => {
    const label = handle.closest(".jupyter-widgets")?.querySelector(".widget-label");
    if (label?.textContent) handle.setAttribute("aria-label", label.textContent);
  });
}).observe(document.documentElement, { childList: true, subtree: true });

// It expects MathJax 2 and calls a queue that MathJax 3 does not have.
document.addEventListener("DOMContentLoaded", () => {
  if (window.MathJax && !window.MathJax.Hub) window.MathJax.Hub = { Queue() {} };
});
