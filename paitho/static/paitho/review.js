/* The review queue by keyboard: a part that opens takes the focus, Escape gives it back, and
   Ctrl or Command with Enter sends the form one writes in. The next draft is fetched while one reads, and
   shown as soon as the server has taken the decision. Without this file the forms work as forms. */
(() => {
  "use strict";

  const parts = () => [...document.querySelectorAll("details.decision")];
  const main = () => document.getElementById("main");
  const nextLink = () => document.querySelector("a[rel=next][data-key=j]");

  document.addEventListener(
    "toggle",
    (event) => {
      const part = event.target;
      if (!(part instanceof HTMLDetailsElement) || !part.matches(".decision") || !part.open) return;
      for (const other of parts()) if (other !== part) other.open = false;
      const field = part.querySelector("textarea, input:not([type=hidden]), button");
      if (!field) return;
      field.focus();
      if (field.setSelectionRange) field.setSelectionRange(field.value.length, field.value.length);
      part.scrollIntoView({ block: "nearest" });
    },
    true,
  );

  document.addEventListener("keydown", (event) => {
    const part = event.target instanceof Element && event.target.closest("details.decision[open]");
    if (!part) return;
    if (event.key === "Escape") {
      part.open = false;
      part.querySelector("summary").focus();
    } else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      part.querySelector("form").requestSubmit();
    }
  });

  // The next draft, fetched ahead: {url, page} once it is here
  let ahead = null;

  async function fetched(url) {
    try {
      const answer = await fetch(url);
      if (!answer.ok || answer.redirected) return null;
      return new DOMParser().parseFromString(await answer.text(), "text/html");
    } catch {
      return null; // the line is down: the plain way says so
    }
  }

  async function lookAhead() {
    ahead = null;
    const link = nextLink();
    if (!link) return;
    const page = await fetched(link.href);
    if (page && nextLink() && nextLink().href === link.href) ahead = { url: link.href, page };
  }

  function tell(page) {
    for (const note of page.querySelectorAll("#toasts .toast-note")) {
      const tone = ["warn", "bad", "info"].find((each) => note.classList.contains(each)) || "good";
      document.dispatchEvent(new CustomEvent("toast", { detail: { text: note.querySelector("p").textContent, tone } }));
      note.remove();
    }
  }

  function show(page) {
    document.title = page.title;
    main().replaceChildren(...page.getElementById("main").cloneNode(true).childNodes);
    if (window.htmx) window.htmx.process(main());
    main().focus({ preventScroll: true });
    scrollTo(0, 0);
    tell(page);
  }

  const seenOn = (root) => root.querySelector("input[name=seen]")?.value;

  // What was fetched ahead is shown at once; its place in the queue, and any change to it, follow.
  async function goOn() {
    const { url, page } = ahead;
    ahead = null;
    show(page);
    history.pushState({}, "", url);
    const fresh = await fetched(url);
    if (!fresh || location.href !== url) return;
    if (seenOn(fresh) !== seenOn(document)) show(fresh);
    const head = fresh.querySelector(".page-head");
    if (head) document.querySelector(".page-head")?.replaceWith(head.cloneNode(true));
    tell(fresh);
    lookAhead();
  }

  addEventListener("popstate", () => location.reload());

  document.addEventListener("click", (event) => {
    const link = event.target instanceof Element && event.target.closest("a[rel=next][data-key=j]");
    if (!link || !ahead || ahead.url !== link.href || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    goOn();
  });

  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (!form.matches("form[data-leads-on]") || !ahead || event.defaultPrevented) return;
    event.preventDefault();
    const button = form.querySelector("button");
    button.disabled = true;
    let answer;
    try {
      answer = await fetch(form.action, { method: "POST", body: new FormData(form), redirect: "manual" });
    } catch {
      button.disabled = false;
      document.dispatchEvent(new CustomEvent("toast", { detail: { text: "The server cannot be reached. Nothing was decided.", tone: "bad" } }));
      return;
    }
    if (answer.type === "opaqueredirect") goOn();
    else show(new DOMParser().parseFromString(await answer.text(), "text/html"));
  });

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", lookAhead);
  else lookAhead();
})();
