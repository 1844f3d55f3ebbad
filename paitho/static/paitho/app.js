/* What pages add when scripts run: menus, dialogs, toasts, copying, selection, file drop, keyboard.
   Every part also works without this file; nothing here talks to a server by itself. */
(() => {
  "use strict";

  const on = (type, selector, act) =>
    document.addEventListener(type, (event) => {
      const target = event.target instanceof Element && event.target.closest(selector);
      if (target) act(target, event);
    });
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];

  function remember(key, value) {
    try {
      localStorage.setItem(key, value);
    } catch {
      // storage is blocked: the choice lasts as long as the page
    }
  }

  function recall(key) {
    try {
      return localStorage.getItem(key);
    } catch {
      return null;
    }
  }

  // Theme
  function showTheme() {
    const choice = document.documentElement.dataset.themeChoice || "system";
    for (const input of all("[data-theme-choice]")) input.checked = input.value === choice;
  }
  on("change", "[data-theme-choice]", (input) => {
    remember("paitho.theme", input.value);
    dispatchEvent(new Event("paitho:theme"));
    showTheme();
  });

  // Menus: <details class="menu"> closes on Escape, on a click elsewhere and when focus leaves
  const openMenus = () => all("details.menu[open]");
  document.addEventListener("click", (event) => {
    for (const menu of openMenus()) if (!menu.contains(event.target)) menu.open = false;
  });
  document.addEventListener("focusin", (event) => {
    for (const menu of openMenus()) if (!menu.contains(event.target)) menu.open = false;
  });

  // Dialogs: a confirm page arrives in the dialog; without scripts its link opens the page itself
  on("click", "[data-open]", (button, event) => {
    const dialog = document.getElementById(button.dataset.open);
    if (!dialog) return;
    event.preventDefault();
    dialog.showModal();
  });
  on("click", "[data-close]", (button, event) => {
    const dialog = button.closest("dialog");
    if (!dialog) return;
    event.preventDefault();
    dialog.close();
  });
  on("click", "dialog.sheet", (dialog, event) => {
    if (event.target !== dialog) return;
    const box = dialog.getBoundingClientRect();
    const inside = event.clientX >= box.left && event.clientX <= box.right && event.clientY >= box.top && event.clientY <= box.bottom;
    if (!inside) dialog.close();
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    const dialog = event.target.closest("dialog.sheet");
    if (dialog && !dialog.open) dialog.showModal();
  });

  // Toasts: messages of the page, of an htmx answer (HX-Trigger: {"toast": {"text", "tone"}}), of scripts
  const ICONS = { good: "circle-check", warn: "alert-triangle", bad: "alert-circle", info: "info-circle" };
  function toast(text, tone = "good") {
    const template = document.getElementById("toast-template");
    const tray = document.getElementById("toasts");
    if (!template || !tray) return;
    const note = template.content.firstElementChild.cloneNode(true);
    const use = note.querySelector("use");
    use.setAttribute("href", use.getAttribute("href").replace(/#.*/, `#${ICONS[tone] || ICONS.info}`));
    note.classList.add(tone);
    note.querySelector("p").textContent = text;
    tray.append(note);
    expire(note);
  }
  function expire(note) {
    if (note.classList.contains("bad") || note.classList.contains("warn")) return;
    let timer = setTimeout(() => note.remove(), 8000);
    const hold = () => clearTimeout(timer);
    const release = () => {
      hold();
      timer = setTimeout(() => note.remove(), 4000);
    };
    note.addEventListener("pointerenter", hold);
    note.addEventListener("focusin", hold);
    note.addEventListener("pointerleave", release);
    note.addEventListener("focusout", release);
  }
  on("click", "[data-dismiss]", (button) => button.closest(".toast-note, .note, .strip").remove());
  document.addEventListener("toast", (event) => toast(event.detail.text, event.detail.tone));
  // A part that answers with a page of its own, because the session has ended: show that page instead
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (!event.detail.xhr.responseText.includes('<div class="bare">')) return;
    event.detail.shouldSwap = false;
    location.reload();
  });
  document.addEventListener("htmx:sendError", () => toast("The server cannot be reached. Check your connection and try again.", "bad"));
  document.addEventListener("htmx:responseError", (event) => {
    const { status } = event.detail.xhr;
    if (status === 403) toast("You may not do this, or your session has ended. Reload the page.", "bad");
    else if (status === 404) toast("This is no longer here. Reload the page.", "warn");
    else if (status === 429) toast("Too many requests. Wait a minute and try again.", "warn");
    else toast("Something went wrong on our side. Nothing was changed; try again.", "bad");
  });

  document.addEventListener("allauth.error", (event) => {
    event.preventDefault();
    toast("The key did not answer, or you cancelled. Try again, or use another way.", "warn");
  });

  // Copying
  on("click", "[data-copy]", async (button) => {
    const source = button.dataset.copyFrom && document.getElementById(button.dataset.copyFrom);
    const text = source ? source.textContent : button.dataset.copy;
    try {
      await navigator.clipboard.writeText(text);
      toast("Copied.");
    } catch {
      if (source) getSelection().selectAllChildren(source);
      toast("Your browser does not let pages copy. Select the text and copy it.", "warn");
    }
  });

  // Selecting rows
  const picks = (form) => all("tbody .pick input[type=checkbox]", form);
  function countPicks(form) {
    const boxes = picks(form);
    const chosen = boxes.filter((box) => box.checked).length;
    const head = form.querySelector("[data-pick-all]");
    if (head) {
      head.checked = chosen > 0 && chosen === boxes.length;
      head.indeterminate = chosen > 0 && chosen < boxes.length;
    }
    for (const out of all("[data-pick-count]", form)) out.textContent = `${chosen} selected`;
    for (const more of all("[data-pick-more]", form)) more.hidden = chosen < boxes.length;
  }
  let lastPick = null;
  on("click", "tbody .pick input", (box, event) => {
    const boxes = picks(box.form);
    if (event.shiftKey && lastPick && boxes.includes(lastPick)) {
      const [from, to] = [boxes.indexOf(lastPick), boxes.indexOf(box)].sort((a, b) => a - b);
      for (const between of boxes.slice(from, to + 1)) between.checked = box.checked;
    }
    lastPick = box;
    countPicks(box.form);
  });
  on("change", "[data-pick-all]", (head) => {
    for (const box of picks(head.form)) box.checked = head.checked;
    countPicks(head.form);
  });
  on("click", "[data-pick-none]", (button) => {
    for (const box of picks(button.form)) box.checked = false;
    countPicks(button.form);
  });

  // Dropping a file on its field
  const size = (bytes) => (bytes < 1e6 ? `${Math.max(1, Math.round(bytes / 1e3))} kB` : `${(bytes / 1e6).toFixed(1)} MB`);
  for (const type of ["dragenter", "dragover"]) on(type, ".drop", (drop) => drop.classList.add("over"));
  for (const type of ["dragleave", "drop"]) on(type, ".drop", (drop) => drop.classList.remove("over"));
  on("change", ".drop input[type=file]", (input) => {
    const drop = input.closest(".drop");
    const files = [...input.files];
    drop.classList.toggle("chosen", files.length > 0);
    drop.querySelector("[data-file-name]").textContent = files.length
      ? files.map((file) => `${file.name} (${size(file.size)})`).join(", ")
      : drop.dataset.prompt;
  });

  // Filters that apply as soon as they change
  on("change", "form[data-auto] select, form[data-auto] input[type=checkbox]", (field) => field.form.requestSubmit());

  // Keyboard. Single-key shortcuts can be switched off (WCAG 2.1.4) in the help dialog.
  const typing = (element) => element.closest("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable=true]");
  const shortcutsOn = () => recall("paitho.shortcuts") !== "off";
  const rows = () => all("table.data tbody tr, .picks li");
  let afterG = -Infinity;

  function go(letter) {
    const link = document.querySelector(`[data-go="${letter}"]`);
    if (link) link.click();
    return Boolean(link);
  }
  function step(by) {
    const list = rows();
    if (!list.length) return false;
    const at = list.findIndex((row) => row.classList.contains("here"));
    const next = list[Math.max(0, Math.min(list.length - 1, at < 0 ? 0 : at + by))];
    for (const row of list) row.classList.toggle("here", row === next);
    const link = next.querySelector("a");
    if (link) link.focus();
    next.scrollIntoView({ block: "nearest" });
    return true;
  }
  function pick() {
    const box = document.querySelector("tr.here .pick input");
    if (box) box.click();
    return Boolean(box);
  }
  function search() {
    const field = document.querySelector("input[type=search]");
    if (field) field.focus();
    return Boolean(field);
  }
  function help() {
    const dialog = document.getElementById("shortcuts");
    if (dialog) dialog.showModal();
    return Boolean(dialog);
  }
  function press(key) {
    const button = [...document.querySelectorAll("[data-key]")].find((element) => element.dataset.key === key && element.offsetParent);
    if (button) button.click();
    return Boolean(button);
  }
  function closeMenus() {
    for (const menu of openMenus()) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  }
  function act(key, pressedAt) {
    if (pressedAt - afterG < 1200) {
      afterG = -Infinity;
      if (go(key)) return true;
    }
    if (key === "g") {
      afterG = pressedAt;
      return true;
    }
    const keys = { "/": search, "?": help, j: () => step(1), k: () => step(-1), x: pick };
    return (Object.hasOwn(keys, key) && keys[key]()) || press(key);
  }
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") closeMenus();
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (!shortcutsOn() || !(event.target instanceof Element) || typing(event.target)) return;
    if (document.querySelector("dialog[open]")) return;
    if (act(event.key, event.timeStamp)) event.preventDefault();
  });
  on("change", "[data-shortcuts-switch]", (box) => remember("paitho.shortcuts", box.checked ? "on" : "off"));

  function ready() {
    showTheme();
    for (const box of all("[data-shortcuts-switch]")) box.checked = shortcutsOn();
    for (const note of all(".toast-note")) expire(note);
    for (const form of all("form:has(.pick)")) countPicks(form);
  }
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", ready);
  else ready();
})();
