"use strict";
// Sorts, filters, plays and saves what Python wrote into the page. It computes no score, no rank and no verdict.
(() => {
  const all = (selector, inside = document) => [...inside.querySelectorAll(selector)];
  const tracks = all("main > .track");
  const names = tracks.map((track) => track.getAttribute("aria-label"));
  const state = { t: "", sort: "", dir: "", q: "", near: "" }; // t is the name of a track: its number is another one on the next page
  const LONGEST = 200; // characters of a filter

  const number = () => Math.max(names.indexOf(state.t), 0);
  const read = () => {
    const given = new URLSearchParams(location.hash.slice(1));
    for (const key of Object.keys(state)) state[key] = given.get(key) ?? "";
    state.q = state.q.slice(0, LONGEST);
    const target = document.getElementById(location.hash.slice(1));
    const around = target?.closest(".track");
    if (around) state.t = around.getAttribute("aria-label");
    return around ? target : null;
  };
  const write = () => {
    state.t = tracks.length > 1 ? names[number()] : "";
    const kept = Object.entries(state).filter(([, value]) => value);
    const hash = kept.length ? "#" + new URLSearchParams(kept) : location.href.split("#")[0];
    history.replaceState(null, "", hash);
  };

  const keyOf = (row, column) => row.cells[column]?.dataset.k ?? "";
  const compare = (column, numeric, sign) => (a, b) => {
    const [x, y] = [keyOf(a, column), keyOf(b, column)];
    if (x === "" || y === "") return (x === "") - (y === "") || a.dataset.order - b.dataset.order;
    const order = numeric ? x - y : x.localeCompare(y);
    return sign * order || a.dataset.order - b.dataset.order;
  };
  const TEXTS = ["spec", "badge"];

  const show = () => {
    for (const part of all("[data-track]")) {
      const own = part.dataset.track === String(number());
      if (part.matches("a")) own ? part.setAttribute("aria-current", "true") : part.removeAttribute("aria-current");
      else part.hidden = !own;
    }
    for (const [i, track] of tracks.entries()) arrange(track, i === number());
  };

  const reveal = (target) => {
    if (!target) return;
    target.scrollIntoView({ block: "start" });
    if (target.tagName !== "DETAILS") return;
    target.open = true;
    target.querySelector("summary").focus();
  };

  const arrange = (track, shown) => {
    const body = track.querySelector(".rows");
    const board = track.querySelector(".board");
    const heads = all("thead th", board);
    const column = heads.findIndex((th) => th.dataset.sort === state.sort);
    const descending = state.dir === "desc";
    const order = column < 0
      ? (a, b) => a.dataset.order - b.dataset.order
      : compare(column, !TEXTS.includes(state.sort), descending ? -1 : 1);
    body.append(...[...body.rows].sort(order));
    heads.forEach((th, i) => {
      if (!th.dataset.sort) return;
      th.setAttribute("aria-sort", i !== column ? "none" : descending ? "descending" : "ascending");
    });
    const words = state.q.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const row of body.rows) {
      row.hidden = !words.every((word) => row.dataset.words.includes(word));
      count += !row.hidden;
    }
    track.querySelector(".shown").textContent = words.length ? `${count} of ${body.rows.length} rows` : "";
    const field = track.querySelector(".filter");
    if (field.value !== state.q) field.value = state.q;
    const near = state.near === "1";
    track.querySelector(".near").setAttribute("aria-pressed", String(near));
    if (!shown || board.classList.contains("closer") === near) return;
    board.classList.toggle("closer", near);
    heads.forEach((th, i) => {
      if (!th.dataset.close) return;
      for (const row of body.rows) {
        row.cells[i].querySelector(".strip")?.setAttribute("viewBox", near ? th.dataset.close : "0 0 1000 18");
      }
    });
  };

  const change = (more) => { Object.assign(state, more); write(); show(); };

  const prepare = (track) => {
    track.querySelector(".tools").hidden = false;
    all(".rows > tr", track).forEach((row, i) => {
      row.dataset.order = i;
      row.dataset.words = [row.querySelector(".spec"), row.querySelector(".badge")].map((c) => c.textContent).join(" ").toLowerCase();
    });
    for (const th of all("thead th[data-sort]", track)) {
      const button = document.createElement("button");
      const title = th.querySelector(".title");
      button.type = "button";
      if (title) { button.append(...title.childNodes); title.append(button); }
      else { button.append(...th.childNodes); th.append(button); }
      button.addEventListener("click", () => {
        const first = th.dataset.first ?? "asc";
        if (state.sort !== th.dataset.sort) change({ sort: th.dataset.sort, dir: first });
        else if (state.dir === first) change({ dir: first === "asc" ? "desc" : "asc" });
        else change({ sort: "", dir: "" });
      });
    }
    track.querySelector(".filter").addEventListener("input", (event) => change({ q: event.target.value.slice(0, LONGEST) }));
    track.querySelector(".near").addEventListener("click", () => change({ near: state.near === "1" ? "" : "1" }));
    track.querySelector(".download").addEventListener("click", (event) => download(track, event.target.dataset.head));
    for (const link of all(".spec a", track)) {
      link.addEventListener("click", (event) => {
        event.preventDefault();
        reveal(document.getElementById(link.getAttribute("href").slice(1)));
      });
    }
  };

  const download = (track, head) => {
    const lines = all(".rows > tr", track).filter((row) => !row.hidden).map((row) => row.dataset.csv);
    const address = URL.createObjectURL(new Blob([head + "\n" + lines.join("")], { type: "text/csv" }));
    const link = document.createElement("a");
    link.href = address;
    link.download = "leaderboard.csv";
    link.click();
    setTimeout(() => URL.revokeObjectURL(address), 1000);
  };

  const still = matchMedia("(prefers-reduced-motion: reduce)");
  let playing = null;

  const film = (box) => {
    const films = box.dataset.films.split(";").map((text) => text.split(","));
    const [screen, image] = [box.querySelector(".screen"), box.querySelector("img")];
    const button = document.createElement("button");
    button.type = "button";
    button.setAttribute("aria-label", `Play the clips of ${box.dataset.name}`);
    button.setAttribute("aria-pressed", "false");
    screen.append(button);
    let controls = null, slider, chooser, chosen = 0, frame = 0, timer = 0;

    const draw = () => {
      image.style.transform = `translateY(${-64 * (Number(films[chosen][1]) + frame)}px)`;
      slider.value = frame;
    };
    const pause = () => {
      clearInterval(timer);
      timer = 0;
      button.setAttribute("aria-pressed", "false");
      if (playing === pause) playing = null;
    };
    const step = () => {
      frame += 1;
      if (frame >= Number(films[chosen][2])) {
        frame = still.matches ? Number(films[chosen][2]) - 1 : 0;
        if (still.matches) pause();
      }
      draw();
    };
    const play = () => {
      playing?.();
      playing = pause;
      if (frame >= Number(films[chosen][2]) - 1) frame = 0;
      button.setAttribute("aria-pressed", "true");
      timer = setInterval(step, 1000 / Number(films[chosen][3]));
    };
    const open = () => {
      controls = document.createElement("div");
      controls.className = "controls";
      box.classList.add("open");
      slider = document.createElement("input");
      Object.assign(slider, { type: "range", min: 0, max: films[0][2] - 1, value: 0 });
      slider.setAttribute("aria-label", `Frame of the clips of ${box.dataset.name}`);
      slider.addEventListener("input", () => { pause(); frame = Number(slider.value); draw(); });
      controls.append(slider);
      if (films.length > 1) {
        chooser = document.createElement("select");
        chooser.setAttribute("aria-label", "Film");
        films.forEach(([name], i) => chooser.add(new Option(name, i)));
        chooser.addEventListener("change", () => {
          const on = timer !== 0;
          pause();
          chosen = Number(chooser.value);
          frame = 0;
          slider.max = films[chosen][2] - 1;
          draw();
          if (on) play();
        });
        controls.append(chooser);
      }
      box.append(controls);
    };
    button.addEventListener("click", () => {
      const first = controls === null;
      if (first) open();
      if (timer) pause();
      else if (!(first && still.matches)) play();
    });
  };

  if (tracks.length) {
    for (const name of all(".verdict .of")) name.hidden = true; // the tab says it
    tracks.forEach(prepare);
    all(".film").forEach(film);
    for (const link of all(".tabs a")) {
      link.addEventListener("click", (event) => {
        event.preventDefault();
        playing?.();
        change({ t: names[link.dataset.track], sort: "", dir: "" });
      });
    }
    const arrive = () => {
      const target = read();
      show();
      reveal(target);
    };
    addEventListener("hashchange", arrive);
    arrive();
  }
})();
