// Small repairs to what the theme and the widget script put on a page.

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
  // A fold is called what it says.
  document.querySelectorAll("details.hide > summary[aria-label]").forEach((summary) => summary.removeAttribute("aria-label"));
  // This role is no longer in the standard, and its list expects items.
  document.querySelectorAll("[role='doc-biblioentry']").forEach((entry) => entry.setAttribute("role", "listitem"));
});

// The theme lets the keyboard reach a box that scrolls, but it looks before formulas and sliders have their size.
const reach = () => {
  document.querySelectorAll("article pre, article .output, article table").forEach((box) => {
    if (box.scrollWidth > box.clientWidth || box.scrollHeight > box.clientHeight) box.tabIndex = 0;
  });
  document.querySelectorAll("article figure").forEach((box) => {
    if (box.querySelector("img")?.naturalWidth > 680) box.classList.add("wide");
    if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
  });
};
new MutationObserver(() => requestAnimationFrame(reach)).observe(document.documentElement, { childList: true, subtree: true });
document.addEventListener("load", reach, true);
