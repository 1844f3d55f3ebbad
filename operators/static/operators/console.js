// What unfold's templates expect in scope, told to Alpine's build that evaluates no strings: there an
// expression sees the data of its elements and nothing else of the page.
"use strict";

document.addEventListener("alpine:init", () => {
  for (const part of [theme, searchForm, searchDropdown, searchCommand]) Alpine.data(part.name, part);

  Alpine.data("console", () => ({
    activeTab: "",
    sidebarMobileOpen: false,
    sidebarDesktopOpen: localStorage.getItem("sidebarDesktopOpen") !== "0",
    init() {
      const first = document.body.dataset.firstTab;
      if (first) this.activeTab = getCurrentTab() || first;
      this.$watch("sidebarDesktopOpen", (isOpen) => localStorage.setItem("sidebarDesktopOpen", isOpen ? "1" : "0"));
    },
    localStorage: { setItem: (name, value) => localStorage.setItem(name, value) },
    window: { location: { pathname: location.pathname, search: location.search } },
  }));
});
