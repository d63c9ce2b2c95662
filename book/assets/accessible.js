// Small repairs to what the theme puts on a page.

document.addEventListener("DOMContentLoaded", () => {
  // A fold is called what it says.
  document.querySelectorAll("details.hide > summary[aria-label]").forEach((summary) => summary.removeAttribute("aria-label"));
  // A column without a title has no header.
  document.querySelectorAll("article th").forEach((th) => {
    if (!th.textContent.trim()) th.outerHTML = th.outerHTML.replace(/^<th/, "<td").replace(/th>$/, "td>");
  });
  // This role is no longer in the standard, and its list expects items.
  document.querySelectorAll("[role='doc-biblioentry']").forEach((entry) => entry.setAttribute("role", "listitem"));
});

// The theme lets the keyboard reach a box that scrolls, but it looks before formulas have their size and folds are opened.
const reach = () => {
  document.querySelectorAll("article pre, article .output, article table").forEach((box) => {
    if (box.scrollWidth > box.clientWidth || box.scrollHeight > box.clientHeight) box.tabIndex = 0;
  });
};
new MutationObserver(() => requestAnimationFrame(reach)).observe(document.documentElement, { childList: true, subtree: true });
document.addEventListener("load", reach, true);
document.addEventListener("DOMContentLoaded", () => {
  new ResizeObserver(() => requestAnimationFrame(reach)).observe(document.querySelector("article"));
});
