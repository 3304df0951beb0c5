// What has happened in a flood up to a moment. No drawing.

/** Numbers of a copy and of an answer in their lists. */
const PER_COPY = 6;
const PER_ANSWER = 3;
/** Places in `PageData.fates`. */
const DUPLICATE = 1, HIGHER = 2, LOST = 3, NOBODY = 4, REFUSED = 5;

/** Everything that happens in a flood, in the order of time. @param {FloodData} flood @returns {FloodEvent[]} */
function eventsOf(flood) {
    /** @type {FloodEvent[]} */
    const events = [];
    for (let index = 0; index * PER_COPY < flood.copies.length; index++) {
        const [, , , sent, way] = flood.copies.slice(index * PER_COPY, index * PER_COPY + PER_COPY);
        if (sent < 0) continue;
        events.push({ kind: "sent", index, at: sent });
        events.push(way < 0 ? { kind: "ended", index, at: sent } : { kind: "arrived", index, at: sent + way });
    }
    flood.reached.forEach((at, index) => {
        if (at >= 0) events.push({ kind: "reached", index, at });
    });
    for (let index = 0; index * PER_ANSWER < flood.answers.length; index++) {
        const [, sent, way] = flood.answers.slice(index * PER_ANSWER, index * PER_ANSWER + PER_ANSWER);
        if (sent < 0) continue;
        events.push({ kind: "answered", index, at: sent });
        if (way >= 0) events.push({ kind: "heard", index, at: sent + way });
    }
    // What happens at one moment stays in this order: sorting is stable.
    return events.sort((one, other) => one.at - other.at);
}

/** What has happened so far. Whoever has events, from a page or from elsewhere, applies them one by one. */
class Progress {
    counts = Progress.zero();
    /** Copies and answers under way. @type {Set<number>} */
    copies = new Set();
    /** @type {Set<number>} */
    answers = new Set();
    /** What changed since somebody looked. @type {FloodEvent[]} */
    news = [];
    /** Everything is to be drawn anew. */
    isNew = true;

    /** @param {FloodData} flood */
    constructor(flood) {
        this.flood = flood;
    }

    static zero() {
        return { reached: 0, sent: 0, duplicates: 0, lost: 0, answers: 0 };
    }

    clear() {
        this.counts = Progress.zero();
        this.copies.clear();
        this.answers.clear();
        this.news = [];
        this.isNew = true;
    }

    /** @param {FloodEvent} event */
    apply(event) {
        const fate = this.flood.copies[event.index * PER_COPY + 5];
        switch (event.kind) {
            case "sent":
                this.counts.sent++;
                this.copies.add(event.index);
                break;
            case "arrived":
                this.copies.delete(event.index);
                if (fate === DUPLICATE || fate === HIGHER) this.counts.duplicates++;
                if (fate === REFUSED) this.counts.lost++;
                break;
            case "ended":
                this.copies.delete(event.index);
                if (fate === LOST || fate === NOBODY || fate === REFUSED) this.counts.lost++;
                break;
            case "reached":
                this.counts.reached++;
                break;
            case "answered":
                this.counts.answers++;
                this.answers.add(event.index);
                break;
            case "heard":
                this.answers.delete(event.index);
                break;
        }
        this.news.push(event);
    }

    /** What changed since the last time; whether all is new. */
    look() {
        const seen = { news: this.news, isNew: this.isNew };
        this.news = [];
        this.isNew = false;
        return seen;
    }
}

/** A flood and the cursor on its time. */
class Timeline {
    /** @param {FloodData} flood */
    constructor(flood) {
        this.flood = flood;
        this.events = eventsOf(flood);
        this.progress = new Progress(flood);
        this.at = 0;
        this.done = 0;
        this.seek(0);
    }

    /** @param {number} at */
    seek(at) {
        at = Math.min(Math.max(at, 0), this.flood.span);
        if (at < this.at) {
            this.progress.clear();
            this.done = 0;
        }
        this.at = at;
        while (this.done < this.events.length && this.events[this.done].at <= at) {
            this.progress.apply(this.events[this.done++]);
        }
    }

    /** To the next moment at which something happens. */
    next() {
        this.seek(this.done < this.events.length ? this.events[this.done].at : this.flood.span);
    }

    /** To the moment before. */
    back() {
        let last = this.done - 1;
        while (last >= 0 && this.events[last].at >= this.at) last--;
        this.seek(last < 0 ? 0 : this.events[last].at);
    }
}
