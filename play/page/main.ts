// The page: the list of lessons, the open lesson, the language and the theme.

import { LESSONS } from "../lessons/lessons.ts";
import type { Lesson } from "../lessons/lesson.ts";
import { h, kept } from "./dom.ts";
import { language, onLanguage, setLanguage, t, translate } from "./i18n.ts";
import type { Language } from "./i18n.ts";
import { fromFragment, toFragment } from "./link.ts";
import { markdown } from "./markdown.ts";
import { Workbench } from "./workbench.ts";

const find = <T extends HTMLElement>(id: string) => document.getElementById(id) as T;

let lesson: Lesson = LESSONS[0];
/** The fragment that this page has set itself. */
let ownFragment = "";

const workbench = new Workbench(async () => {
  ownFragment = await toFragment(lesson.id, workbench.carried());
  history.replaceState(null, "", ownFragment);
  try {
    await navigator.clipboard.writeText(location.href);
    return true;
  } catch {
    return false;
  }
});

// Theme: the system's, light or dark.

const THEMES = ["auto", "light", "dark"] as const;
const THEME_TEXTS = { auto: "themeAuto", light: "themeLight", dark: "themeDark" } as const;
type Theme = typeof THEMES[number];
let theme: Theme = THEMES.find((name) => name === kept.get("theme")) ?? "auto";

function showTheme(): void {
  if (theme === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  const button = find<HTMLButtonElement>("theme");
  button.dataset.theme = theme;
  button.setAttribute("aria-label", t(THEME_TEXTS[theme]));
  button.title = t(THEME_TEXTS[theme]);
}

find("theme").addEventListener("click", () => {
  theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length];
  kept.set("theme", theme);
  showTheme();
});

// Language.

for (const button of document.querySelectorAll<HTMLButtonElement>(".languages button")) {
  button.addEventListener("click", () => setLanguage(button.dataset.language as Language));
}

function showLanguage(): void {
  for (const button of document.querySelectorAll<HTMLButtonElement>(".languages button")) {
    button.setAttribute("aria-pressed", String(button.dataset.language === language()));
  }
  showTheme();
  showNavigation();
  showText();
  workbench.translate();
}

// Lessons.

function showNavigation(): void {
  const lists: HTMLElement[] = [];
  let part: Lesson["part"] | undefined;
  let list = h("ol");
  LESSONS.forEach((one, place) => {
    if (one.part !== part) {
      part = one.part;
      list = h("ol", { start: place + 1 });
      lists.push(h("p", { class: "part" }, part[language()]), list);
    }
    list.append(
      h(
        "li",
        {},
        h(
          "a",
          { href: `#${one.id}`, "aria-current": one === lesson ? "page" : null },
          h("span", { class: "number", "aria-hidden": "true" }, String(place + 1)),
          h("span", {}, one.title[language()]),
        ),
      ),
    );
  });
  find("lesson-list").replaceChildren(...lists);
}

function showText(): void {
  const number = LESSONS.indexOf(lesson) + 1;
  const lang = language();
  document.title = `${lesson.title[lang]} · ${t("title")}`;
  find("eyebrow").textContent = t("lessonOf", { number, part: lesson.part[lang] });
  find("lesson-title").textContent = lesson.title[lang];
  find("lesson-text").replaceChildren(markdown(lesson.text[lang]));
  find("question-text").replaceChildren(markdown(lesson.question[lang]));
  find("answer-text").replaceChildren(markdown(lesson.answer[lang]));
  find("machine-text").replaceChildren(markdown(t("yourMachineText")));
  const step = (id: string, other: Lesson | undefined) => {
    const link = find<HTMLAnchorElement>(id);
    link.hidden = other === undefined;
    if (other === undefined) return;
    link.href = `#${other.id}`;
    link.querySelector(".where")!.textContent = other.title[lang];
  };
  step("previous", LESSONS[number - 2]);
  step("next", LESSONS[number]);
}

async function openFragment(isFirst = false): Promise<void> {
  if (!isFirst && location.hash === ownFragment) return;
  ownFragment = location.hash;
  const { lesson: id, carried, damaged } = await fromFragment(location.hash);
  lesson = LESSONS.find((one) => one.id === id) ?? LESSONS[0];
  showNavigation();
  showText();
  find<HTMLDetailsElement>("answer").open = false;
  workbench.open(lesson, carried, damaged);
  find<HTMLDetailsElement>("menu").open = matchMedia("(min-width: 64rem)").matches;
  if (isFirst) return;
  scrollTo({ top: 0 });
  find("lesson-title").focus({ preventScroll: true });
}

// On a wide window the list of lessons is always open.
const wide = matchMedia("(min-width: 64rem)");
wide.addEventListener("change", () => find<HTMLDetailsElement>("menu").open = wide.matches);

find("skip").addEventListener("click", (event) => {
  event.preventDefault(); // The fragment names the lesson.
  find("lesson-title").focus();
});
find("workbench").replaceWith(workbench.element);
onLanguage(showLanguage);
addEventListener("hashchange", () => openFragment());
await openFragment(true);
setLanguage(language());
translate(document);
document.documentElement.dataset.ready = "";
