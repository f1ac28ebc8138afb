// Runs before the first paint. It sets the chosen theme and language, so that neither flickers.

import { kept } from "./dom.ts";

const theme = kept.get("theme");
if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
