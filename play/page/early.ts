// Runs before the page is first painted: theme and language as they were chosen, so that neither flickers.

import { kept } from "./dom.ts";

const theme = kept.get("theme");
if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
