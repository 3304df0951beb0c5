// What happened to a servent, told; and the counters of the moment.

/** @param {string} name @param {string} [text] @param {string} [className] */
function element(name, text = "", className = "") {
    const made = document.createElement(name);
    made.textContent = text;
    if (className) made.className = className;
    return made;
}

class Panel {
    /** @param {HTMLElement} article @param {FloodData} flood */
    constructor(article, flood) {
        this.flood = flood;
        this.heading = element("h3");
        this.body = element("div", "", "story");
        this.body.setAttribute("aria-live", "polite");
        const section = element("section", "", "view");
        section.append(this.heading, this.body);
        this.now = element("dl", "", "now");
        const counters = /** @type {HTMLElement} */ (article.querySelector(".counters"));
        article.querySelector(".summary")?.after(this.now);
        counters.before(section);
    }

    /** @param {Timeline} time @param {Speech} speech */
    count(time, speech) {
        const { counts, copies } = time.progress;
        const all = this.flood.reached.filter((at) => at >= 0).length;
        /** @type {[string, string][]} */
        const rows = [
            ["reached", `${speech.number(counts.reached)} ${speech.word("of", all)}`],
            ["sent", speech.number(counts.sent)],
            ["under", speech.number(copies.size)],
            ["duplicates", speech.number(counts.duplicates)],
            ["lost", speech.number(counts.lost)],
            ["answers", speech.number(counts.answers)],
        ];
        if (this.now.childElementCount !== rows.length) {
            this.now.replaceChildren(...rows.map(() => {
                const row = element("div");
                row.append(element("dt"), element("dd"));
                return row;
            }));
        }
        rows.forEach(([name, value], place) => {
            const [dt, dd] = this.now.children[place].children;
            const word = speech.word(name);
            if (dt.textContent !== word) dt.textContent = word;
            if (dd.textContent !== value) dd.textContent = value;
        });
    }

    /** @param {number | null} role @param {FloodView} view @param {Speech} speech */
    tell(role, view, speech) {
        this.heading.textContent = speech.word("story");
        if (role === null) {
            this.body.replaceChildren(element("p", speech.word("choose")));
            return;
        }
        const flood = this.flood;
        const title = element("p");
        title.append(element("strong", speech.name(flood, role)));
        const parts = [title];
        const spot = flood.spots[role];
        if (view.crowds[spot].length > 1) {
            parts.push(element("p", speech.word("bunch", view.crowds[spot].length, view.reached[spot], view.answering[spot])));
        }
        parts.push(element("p", flood.stories[role].map((sentence) => speech.sentence(flood, sentence)).join(" ")));
        parts.push(...this.copies(role, 0, 1, "sentOut", "out", speech));
        parts.push(...this.copies(role, 1, 0, "gotIn", "in", speech));
        this.body.replaceChildren(...parts);
    }

    /**
     * @param {number} role @param {number} mine @param {number} other @param {string} heading @param {string} line
     * @param {Speech} speech
     */
    copies(role, mine, other, heading, line, speech) {
        const { copies } = this.flood;
        const list = element("ul");
        for (let at = 0; at < copies.length; at += PER_COPY) {
            if (copies[at + mine] !== role) continue;
            const when = copies[at + 3] + (mine === 1 ? Math.max(copies[at + 4], 0) : 0);
            const fills = [when, copies[at + other], copies[at + 2], speech.fate(copies[at + 5])];
            list.append(element("li", speech.fill(this.flood, speech.data.words[line][speech.language], fills)));
        }
        return list.childElementCount ? [element("p", `${speech.word(heading)}:`), list] : [];
    }
}
