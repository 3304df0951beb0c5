// The page: its controls, its keys, its address. What is true stands in the data, what is drawn in the pictures.

/** How long a flood is played at speed 1. */
const FILM_MS = 10_000;
const SPEEDS = [0.1, 0.25, 0.5, 1, 2, 4, 10];

class Page {
    /** @param {PageData} data */
    constructor(data) {
        this.data = data;
        this.speech = new Speech(data, navigator.language.startsWith("pt") ? "pt" : "en");
        this.articles = /** @type {HTMLElement[]} */ ([...document.querySelectorAll("article.flood")]);
        /** @type {{time: Timeline, view: FloodView, panel: Panel}[]} */
        this.made = [];
        this.flood = 0;
        /** @type {number | null} */
        this.role = null;
        this.only = false;
        this.speed = 1;
        this.isPlaying = false;
        this.last = 0;
        this.controls = new Controls(this);
        this.say();
        this.open(0);
        this.follow();
        addEventListener("hashchange", () => this.follow());
        addEventListener("keydown", (event) => this.key(event));
        document.addEventListener("click", (event) => this.click(event));
    }

    /** What belongs to the chosen flood, made when it is first looked at. */
    get now() {
        const flood = this.data.floods[this.flood], article = this.articles[this.flood];
        return this.made[this.flood] ??= {
            time: new Timeline(flood),
            view: new FloodView(article, flood, this.data),
            panel: new Panel(article, flood),
        };
    }

    /** A flood that came later: its article as Rust wrote it, and its data. @param {string} html @param {FloodData} flood */
    add(html, flood) {
        const place = document.createElement("template");
        place.innerHTML = html;
        const article = /** @type {HTMLElement} */ (place.content.querySelector("article"));
        article.id = `flood-${this.articles.length}`;
        article.hidden = true;
        document.querySelector("main")?.append(article);
        this.articles.push(article);
        this.data.floods.push(flood);
        this.controls.dress(article);
        this.say();
    }

    /** Takes floods away that are not shown. @param {number[]} places */
    remove(places) {
        if (places.length === 0) return;
        const shown = this.articles[this.flood];
        for (const place of [...places].reverse()) {
            this.articles[place].remove();
            for (const list of [this.articles, this.data.floods, this.made]) list.splice(place, 1);
        }
        this.flood = this.articles.indexOf(shown);
        this.articles.forEach((article, place) => { article.id = `flood-${place}`; });
        this.say();
    }

    /** @param {number} flood */
    open(flood) {
        if (!(flood in this.data.floods)) return;
        this.pause();
        this.flood = flood;
        this.articles.forEach((article, number) => { article.hidden = number !== flood; });
        this.choose(null, false);
        this.focusable();
        this.seek(this.now.time.at);
    }

    /** Servents take the focus, unless there are so many that nobody would get past them. */
    focusable() {
        const { view } = this.now;
        // What is in an image is not told of; what is in a group is.
        for (const svg of [view.rings, view.sequence]) svg.setAttribute("role", "group");
        for (const [spot, element] of view.spots) {
            const role = view.crowds[spot][0];
            element.setAttribute("role", "button");
            element.setAttribute("aria-label", this.speech.name(view.flood, role));
            if (view.spots.size <= 60) element.setAttribute("tabindex", "0");
        }
    }

    /** @param {number} at */
    seek(at) {
        this.now.time.seek(at);
        this.draw();
    }

    draw() {
        const { time, view, panel } = this.now;
        view.draw(time);
        panel.count(time, this.speech);
        this.controls.show(time);
    }

    play() {
        const { time } = this.now;
        if (time.at >= time.flood.span) time.seek(0);
        this.isPlaying = true;
        this.last = performance.now();
        this.controls.playing(true);
        requestAnimationFrame((now) => this.frame(now));
    }

    pause() {
        if (this.isPlaying) {
            this.isPlaying = false;
            this.remember();
        }
        this.controls.playing(false);
    }

    /** @param {number} now */
    frame(now) {
        if (!this.isPlaying) return;
        const { time } = this.now;
        const step = Math.max(now - this.last, 0) / FILM_MS * this.speed * time.flood.span;
        this.last = now;
        this.seek(time.at + step);
        if (time.at >= time.flood.span) this.pause();
        else requestAnimationFrame((next) => this.frame(next));
    }

    /** By event. @param {boolean} isBack */
    step(isBack) {
        this.pause();
        if (isBack) this.now.time.back();
        else this.now.time.next();
        this.draw();
        this.remember();
    }

    /** @param {number} places */
    hurry(places) {
        const place = Math.min(Math.max(SPEEDS.indexOf(this.speed) + places, 0), SPEEDS.length - 1);
        this.speed = SPEEDS[place];
        this.controls.show(this.now.time);
    }

    /** @param {number | null} role @param {boolean} only */
    choose(role, only) {
        this.role = role;
        this.only = only && role !== null;
        const { view, panel } = this.now;
        view.choose(role, this.only);
        panel.tell(role, view, this.speech);
        this.controls.filtered(this.only && role !== null ? view.flood.names[role] : "");
        this.remember();
    }

    /** Only the servent of this name or address. @param {string} name */
    filter(name) {
        const flood = this.data.floods[this.flood], asked = name.trim();
        const role = flood.names.findIndex((short, role) => short === asked || this.speech.name(flood, role) === asked);
        if (asked === "") this.choose(null, false);
        else if (role >= 0) this.choose(role, true);
        this.controls.invalid(asked !== "" && role < 0);
    }

    /** This moment as an address. */
    get address() {
        const chosen = this.role === null ? "" : `&s=${this.role}${this.only ? "&only" : ""}`;
        return `#q=${this.flood}&t=${Math.round(this.now.time.at)}${chosen}`;
    }

    remember() {
        if (!this.isPlaying) this.controls.link.href = this.address;
    }

    /** Opens the moment that the address names. */
    follow() {
        const asked = new URLSearchParams(location.hash.slice(1));
        if (!asked.has("q")) return;
        this.open(Number(asked.get("q")));
        if (!(this.flood in this.data.floods)) return;
        const role = asked.has("s") ? Number(asked.get("s")) : null;
        const { names } = this.data.floods[this.flood];
        this.choose(role !== null && role in names ? role : null, asked.has("only"));
        this.seek(Number(asked.get("t")) || 0);
        this.remember();
    }

    /** @param {Language} [language] */
    say(language = this.speech.language) {
        this.speech.language = language;
        document.documentElement.lang = language === "pt" ? "pt-BR" : "en";
        document.title = this.speech.word("title");
        this.controls.say();
        for (const [number, article] of this.articles.entries()) {
            for (const name of ["rings", "sequence"]) {
                const title = `${this.speech.word(name)}: ${this.data.floods[number].title[language]}`;
                const picture = /** @type {SVGElement} */ (article.querySelector(`svg.${name}`));
                picture.setAttribute("aria-label", title);
                picture.setAttribute("lang", document.documentElement.lang);
                const told = article.querySelector(`.summary .${language}`) ?? article.querySelector(".summary");
                for (const [part, text] of [["title", title], ["desc", told?.textContent ?? ""]]) {
                    /** @type {Element} */ (picture.querySelector(part)).textContent = text;
                }
            }
        }
        if (this.made[this.flood]) {
            this.choose(this.role, this.only);
            this.draw();
        }
    }

    /** @param {MouseEvent} event */
    click(event) {
        if (!(event.target instanceof Element)) return;
        const spot = event.target.closest(".flood [data-s]")?.getAttribute("data-s");
        const row = event.target.closest(".flood [data-r]")?.getAttribute("data-r");
        if (spot) this.choose(this.now.view.crowds[Number(spot)][0], this.only);
        else if (row) this.choose(Number(row), this.only);
    }

    /** The next servent, or the one before. @param {number} step */
    neighbour(step) {
        const count = this.data.floods[this.flood].names.length;
        const from = this.role ?? (step > 0 ? -1 : 0);
        this.choose((from + step + count) % count, this.only);
    }

    /** @param {"rings" | "sequence"} name */
    save(name) {
        const copy = /** @type {SVGSVGElement} */ (this.now.view[name].cloneNode(true));
        const hidden = this.speech.language === "pt" ? ".en" : ".pt";
        copy.querySelectorAll(`.halo, ${hidden}`).forEach((element) => element.remove());
        copy.querySelectorAll(".future").forEach((element) => element.setAttribute("opacity", "0.13"));
        const style = shape("style", {});
        style.textContent = /** @type {HTMLElement} */ (document.getElementById("marks")).textContent;
        const { x, y, width, height } = copy.viewBox.baseVal;
        const paper = shape("rect", { class: "paper", x, y, width, height });
        copy.prepend(style, /** @type {Element} */ (document.querySelector(".defs defs")).cloneNode(true), paper);
        const text = new XMLSerializer().serializeToString(copy);
        const link = document.createElement("a");
        link.href = URL.createObjectURL(new Blob([text], { type: "image/svg+xml" }));
        link.download = `${name}.svg`;
        link.click();
        URL.revokeObjectURL(link.href);
    }

    enlarge() {
        document.documentElement.classList.toggle("large");
    }

    /** @param {KeyboardEvent} event */
    key(event) {
        const target = event.target instanceof Element ? event.target : document.body;
        if (event.ctrlKey || event.metaKey || event.altKey) return;
        const isDialog = this.controls.help.open;
        const isText = target.matches("input[type=text]");
        if (event.key === "Escape" && !isDialog) this.choose(null, false);
        const isOwn = target.matches("select, summary, input[type=range]") || (target.matches("button, a") && " Enter".includes(event.key));
        if (isDialog || isText || isOwn) return;
        const spot = target.getAttribute("data-s");
        if (spot !== null && (event.key === "Enter" || event.key === " ")) {
            event.preventDefault();
            this.choose(this.now.view.crowds[Number(spot)][0], this.only);
            return;
        }
        const act = this.keys[event.key];
        if (!act) return;
        event.preventDefault();
        act();
    }

    /** @type {Record<string, () => void>} */
    keys = {
        " ": () => (this.isPlaying ? this.pause() : this.play()),
        ArrowRight: () => this.step(false),
        ArrowLeft: () => this.step(true),
        Home: () => { this.pause(); this.seek(0); this.remember(); },
        End: () => { this.pause(); this.seek(this.data.floods[this.flood].span); this.remember(); },
        "+": () => this.hurry(1),
        "=": () => this.hurry(1),
        "-": () => this.hurry(-1),
        "[": () => this.open(this.flood - 1),
        "]": () => this.open(this.flood + 1),
        n: () => this.neighbour(1),
        p: () => this.neighbour(-1),
        f: () => (this.role === null ? this.controls.filter.focus() : this.choose(this.role, !this.only)),
        r: () => this.save("rings"),
        s: () => this.save("sequence"),
        l: () => this.enlarge(),
        i: () => this.say(this.speech.language === "pt" ? "en" : "pt"),
        "?": () => this.controls.help.showModal(),
    };
}
