// The page while it happens: it asks, hears what is new, and fetches the pictures of it, which Rust draws anew.

/** How many questions are fetched of those that were asked before the page was opened. */
const EARLIER_MAX = 20;

/** How long it waits before it asks once more for what it did not get. */
const RETRY_MS = 1000;

/** How many floods the page has at most. */
const FLOODS_MAX = 200;

/** A page whose floods come one by one, and again when there is more of them. */
class LivePage extends Page {
    /** Question and number of each flood. @type {[number, number][]} */
    whose = [];

    /** @param {PageData} data @param {Live} live */
    constructor(data, live) {
        super(data);
        this.live = live;
    }

    /** @param {Language} [language] */
    say(language) {
        super.say(language);
        // Not yet while it is made.
        if (this.live) this.live.say();
    }

    /** Shows a flood, or shows it anew. Whether it is new. @param {number} question @param {number} number @param {LivePart} part @param {string} notice */
    put(question, number, { html, data }, notice) {
        const place = this.whose.findIndex((key) => key[0] === question && key[1] === number), old = this.articles[place];
        if (old) this.replace(place, old, html, data);
        else {
            this.whose.push([question, number]);
            this.add(html, data);
        }
        const article = old ? this.articles[place] : this.articles[this.articles.length - 1];
        article.querySelector("h2")?.insertAdjacentHTML("afterend", notice);
        return !old;
    }

    /** @param {number} place @param {HTMLElement} old @param {string} html @param {FloodData} data */
    replace(place, old, html, data) {
        const template = document.createElement("template");
        template.innerHTML = html;
        const article = /** @type {HTMLElement} */ (template.content.querySelector("article"));
        const before = this.data.floods[place], at = this.made[place]?.time.at ?? 0;
        article.id = `flood-${place}`;
        article.hidden = place !== this.flood;
        const [was, is] = [old, article].map((element) => element.querySelector("details"));
        if (was && is) is.open = was.open;
        old.replaceWith(article);
        this.articles[place] = article;
        this.data.floods[place] = data;
        delete this.made[place];
        this.controls.dress(article);
        this.controls.say();
        if (place !== this.flood) return;
        const role = this.role === null ? -1 : data.names.indexOf(before.names[this.role]);
        this.focusable();
        this.choose(role < 0 ? null : role, this.only && role >= 0);
        this.seek(Math.min(at, data.span));
    }

    /** Takes away what is not wanted any more, but never what is shown. How many there were. @param {(whose: [number, number], place: number) => boolean} isUnwanted */
    drop(isUnwanted) {
        const places = this.whose.flatMap((whose, place) => (place !== this.flood && isUnwanted(whose, place) ? [place] : []));
        this.whose = this.whose.filter((_, place) => !places.includes(place));
        this.remove(places);
        return places.length;
    }

    /** Plays the flood that came last. */
    watch() {
        this.open(this.articles.length - 1);
        this.seek(0);
        this.play();
    }
}

class Live {
    constructor() {
        this.data = /** @type {PageData} */ (JSON.parse(this.of("data").textContent ?? ""));
        this.speech = new Speech(this.data, navigator.language.startsWith("pt") ? "pt" : "en");
        document.documentElement.lang = this.speech.language === "pt" ? "pt-BR" : "en";
        document.title = this.speech.word("title");
        /** What the page says of what it does. @type {(language: Language) => string} */
        this.told = () => "";
        /** @type {LivePage | null} */
        this.page = null;
        /** Floods that were taken away for want of room. */
        this.left = 0;
        /** What is to be fetched, oldest first. @type {Set<number>} */
        this.wanted = new Set();
        /** @type {Map<number, number>} */
        this.versions = new Map();
        this.isFetching = false;
        this.retry = 0;
        /** The first question that is shown; none before the first hello. @type {number | null} */
        this.from = null;
        /** @type {Map<string, HTMLButtonElement>} */
        this.servents = new Map();
        /** How they are. @type {Map<string, LiveServent>} */
        this.states = new Map();
        this.of("ask").addEventListener("submit", (event) => {
            event.preventDefault();
            this.send("ask", { key: this.field("key").value, entry: this.field("entry").value });
        });
        this.of("links").addEventListener("input", () => this.measure());
        this.of("links").addEventListener("change", () => this.links());
        this.listen();
    }

    /** @param {string} id */
    of(id) {
        return /** @type {HTMLElement} */ (document.getElementById(id));
    }

    /** @param {string} id */
    field(id) {
        return /** @type {HTMLInputElement} */ (this.of(id));
    }

    /** @returns {Language} */
    get language() {
        return (this.page ?? this).speech.language;
    }

    /** @param {string} name @param {(string | number)[]} holes */
    word(name, ...holes) {
        return this.data.words[name][this.language].replaceAll("{n}", () => String(holes.shift()));
    }

    /** @param {string} name @param {(string | number)[]} holes */
    status(name, ...holes) {
        this.tell(() => this.word(name, ...holes));
    }

    /** @param {(language: Language) => string} told */
    tell(told) {
        this.told = told;
        this.of("status").textContent = told(this.language);
    }

    /** All words that are not the page's own, in its language. */
    say() {
        this.tell(this.told);
        this.states.forEach((servent) => this.servent(servent));
        this.of("left").hidden = !this.left;
        this.of("left").textContent = this.word("left", this.left);
    }

    listen() {
        const events = new EventSource("events");
        /** @param {string} kind @param {(data: any) => void} hear */
        const on = (kind, hear) => events.addEventListener(kind, (event) => hear(JSON.parse(/** @type {MessageEvent} */ (event).data)));
        on("hello", (hello) => {
            this.tell(() => "");
            this.hello(hello);
        });
        on("flood", ({ number, version }) => this.want(number, version));
        on("servent", (servent) => this.servent(servent));
        on("links", (links) => this.linked(links));
        on("missed", ({ missed }) => this.status("missed", missed));
        on("asked", ({ entry }) => this.status("asked", entry));
        on("done", ({ answers }) => (answers ? this.status("heard", answers) : this.status("unheard")));
        on("failed", ({ why }) => this.tell((language) => why[language]));
        events.addEventListener("error", () => this.status("cut"));
    }

    /** @param {LiveHello} hello */
    hello({ servents, questions, links, entry }) {
        const select = /** @type {HTMLSelectElement} */ (this.of("entry")), chosen = select.value || entry;
        select.replaceChildren(...servents.map(({ servent }) => new Option(servent, servent, false, servent === chosen)));
        servents.forEach((servent) => this.servent(servent));
        this.linked(links);
        this.from ??= questions.at(-EARLIER_MAX)?.number ?? 0;
        for (const { number, version } of questions) if (number >= this.from) this.want(number, version);
    }

    /** @param {LiveServent} is */
    servent(is) {
        const { servent, state, why } = is;
        this.states.set(servent, is);
        let button = this.servents.get(servent);
        if (!button) {
            const made = document.createElement("button");
            made.type = "button";
            made.textContent = servent.replace(/^127\.0\.0\.1:/, "");
            made.addEventListener("click", () => {
                this.send("servent", { servent, runs: made.className !== "serves" });
            });
            this.servents.set(servent, made);
            this.of("servents").append(made);
            button = made;
        }
        button.className = state;
        const word = this.word(state), cause = why[this.language];
        button.title = cause ? `${word} (${cause})` : word;
        button.setAttribute("aria-label", `${servent}: ${button.title}`);
    }

    /** @param {LiveLinks | null} links */
    linked(links) {
        this.of("links").hidden = links === null;
        if (links === null) return;
        this.field("loss").value = String(links.loss);
        this.field("delay").value = String(links.delay_ms);
        this.field("jitter").value = String(links.jitter_ms);
        this.measure();
    }

    /** What the sliders stand for: percent, and whole milliseconds. */
    get measures() {
        const [loss, delay, jitter] = ["loss", "delay", "jitter"].map((name) => Number(this.field(name).value));
        return [Number(loss.toPrecision(3)), Math.round(delay), Math.round(jitter)];
    }

    measure() {
        const { measures } = this;
        for (const [place, name] of ["loss", "delay", "jitter"].entries()) {
            const output = /** @type {HTMLOutputElement} */ (this.field(name).nextElementSibling);
            output.textContent = String(measures[place]);
            this.field(name).setAttribute("aria-valuetext", output.textContent);
        }
    }

    links() {
        const [loss, delay, jitter] = this.measures;
        this.send("links", { loss, delay_ms: delay, jitter_ms: Math.min(jitter, delay) });
    }

    /** @param {string} what @param {object} order */
    async send(what, order) {
        try {
            const headers = { "Content-Type": "application/json", "Accept-Language": this.language };
            const response = await fetch(what, { method: "POST", headers, body: JSON.stringify(order) });
            if (response.ok) return;
            const why = await response.text();
            this.tell(() => why);
        } catch {
            this.status("cut");
        }
    }

    /** @param {number} number @param {number} version */
    want(number, version) {
        if ((this.versions.get(number) ?? -1) >= version) return;
        this.wanted.add(number);
        this.fetch();
    }

    /** One after the other: what changes meanwhile is fetched once. What can't be had now is fetched later. */
    async fetch() {
        if (this.isFetching) return;
        this.isFetching = true;
        for (const number of this.wanted) {
            this.wanted.delete(number);
            if (await this.get(number)) continue;
            this.wanted.add(number);
            clearTimeout(this.retry);
            this.retry = setTimeout(() => this.fetch(), RETRY_MS);
            break;
        }
        this.isFetching = false;
    }

    /** Whether nothing more is to be had: it is shown, or not kept any more and stays as it was. @param {number} number */
    async get(number) {
        let news;
        try {
            const response = await fetch(`floods/${number}`);
            if (!response.ok) return response.status === 404;
            news = await response.json();
        } catch {
            this.status("cut");
            return false;
        }
        this.show(number, news);
        return true;
    }

    /** @param {number} question @param {LiveNews} news */
    show(question, { version, first, notice, floods }) {
        this.versions.set(question, version);
        const page = this.page ??= new LivePage(this.data, this);
        floods.forEach((part, index) => {
            const isNew = page.put(question, first + index, part, notice);
            if (isNew && (page.articles.length === 1 || this.field("follow").checked)) page.watch();
        });
        page.drop(([its, number]) => its === question && number < first);
        this.left += page.drop((_, place) => place < page.articles.length - FLOODS_MAX);
        if (this.left) this.say();
    }
}

new Live();
