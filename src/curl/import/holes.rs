//! The places of an example that are no constants: credentials, and what a reader is to fill in; and which of them is what.

use crate::curl::import::names::{asks, bracketed, hole, id_rank, secret_rank, snake};

/// A place to be filled in, or that was filled in with somebody's own value.
#[derive(Debug)]
pub(super) struct Hole {
    /// What it is called: a parameter's name or the placeholder's, in [`snake`] form.
    pub(super) label: String,
    id_rank: u8,
    secret_rank: u8,
    /// The value that stands in the example, where it is one.
    pub(super) real: Option<String>,
}

/// A text and the holes in it.
pub(super) type Text = Vec<Piece>;

/// A piece of a text.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Piece {
    Constant(String),
    /// The index of a hole.
    Hole(usize),
}

/// What a hole is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Role {
    ClientId,
    ClientSecret,
    /// A further secret; its label is its name.
    Secret,
    /// A value that only the user knows; its label is its name.
    Variable,
    /// A value that looked like an id, but another is the client's: it stands as it is.
    Constant,
}

/// The rank of what stands in Basic credentials: nothing is surer.
const SURE: u8 = 200;

/// The shortest value that is not there by chance twice.
const TELLING: usize = 8;

/// All holes of an example.
#[derive(Debug, Default)]
pub(super) struct Holes {
    pub(super) all: Vec<Hole>,
}

impl Holes {
    /// `value`, which stands under `name`.
    pub(super) fn named(&mut self, name: &str, value: &str) -> Text {
        let label = snake(name);
        let (id, secret) = (id_rank(&label), secret_rank(&label));
        if id == 0 && secret == 0 {
            return self.text(value, &label);
        }
        if let Some(inside) = bracketed(value) {
            return vec![self.asked(inside, &label)];
        }
        if asks(&label, value) {
            // `YOUR_API_KEY` under `username` says more than the name does.
            return match hole(value) {
                Some((0, end, inside)) if end == value.len() => vec![self.asked(inside, &label)],
                Some(_) => self.text(value, &label),
                None => vec![self.add(label, id, secret, None)],
            };
        }
        // `"key": "de"`, `token=true`: too short to be a credential, unless the name leaves no doubt.
        if value.len() < 6 && id.max(secret) <= 50 {
            return vec![Piece::Constant(value.to_owned())];
        }
        vec![self.add(label, id, secret, Some(value.to_owned()))]
    }

    /// A hole whose placeholder says `inside`, under the name `label`: the one of the two that says more is what counts.
    fn asked(&mut self, inside: &str, label: &str) -> Piece {
        let own = snake(inside);
        let rank = |name: &str| id_rank(name).max(secret_rank(name));
        let is_word = !own.is_empty() && own.len() <= 40 && !inside.contains('|');
        let label = match is_word && rank(&own) >= rank(label) {
            true => own,
            false => label.to_owned(),
        };
        let (id, secret) = (id_rank(&label), secret_rank(&label));
        self.add(label, id, secret, None)
    }

    /// `text`, in which only brackets and the like make a hole; one without a name of its own is called `label`.
    pub(super) fn text(&mut self, text: &str, label: &str) -> Text {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((start, end, inside)) = hole(rest) {
            if start > 0 {
                pieces.push(Piece::Constant(rest[..start].to_owned()));
            }
            pieces.push(self.asked(inside, label));
            rest = &rest[end..];
        }
        if !rest.is_empty() || pieces.is_empty() {
            pieces.push(Piece::Constant(rest.to_owned()));
        }
        pieces
    }

    /// The user of Basic credentials.
    pub(super) fn basic_user(&mut self, value: &str) -> Piece {
        let real = (!asks("client_id", value)).then(|| value.to_owned());
        self.add("client_id".to_owned(), SURE, 0, real)
    }

    /// The password of Basic credentials; `value` is none where the example leaves it out.
    pub(super) fn basic_password(&mut self, value: Option<&str>) -> Piece {
        let real = value.filter(|value| !asks("client_secret", value));
        self.add("client_secret".to_owned(), 0, SURE, real.map(str::to_owned))
    }

    /// A credential that stands in the `Authorization` header after its scheme.
    pub(super) fn credential(&mut self, value: &str) -> Text {
        match hole(value) {
            Some(_) => self.text(value, "token"),
            None => {
                let real = (!asks("token", value)).then(|| value.to_owned());
                vec![self.add("token".to_owned(), 0, secret_rank("token"), real)]
            }
        }
    }

    fn add(&mut self, label: String, id: u8, secret: u8, real: Option<String>) -> Piece {
        let label = label
            .strip_prefix("x_")
            .map_or(label.clone(), str::to_owned);
        let label = if label.is_empty() {
            "value".to_owned()
        } else {
            label
        };
        let same = self
            .all
            .iter()
            .position(|known| match (&known.real, &real) {
                (Some(known), Some(new)) if known.len() >= TELLING => known == new,
                (Some(old), Some(new)) => known.label == label && old == new,
                _ => known.label == label,
            });
        if let Some(index) = same {
            let known = &mut self.all[index];
            known.id_rank = known.id_rank.max(id);
            known.secret_rank = known.secret_rank.max(secret);
            known.real = known.real.take().or(real);
            return Piece::Hole(index);
        }
        let mut unique = label.clone();
        let mut count = 1;
        while self.all.iter().any(|known| known.label == unique) {
            count += 1;
            unique = format!("{label}_{count}");
        }
        self.all.push(Hole {
            label: unique,
            id_rank: id,
            secret_rank: secret,
            real,
        });
        Piece::Hole(self.all.len() - 1)
    }

    /// What each hole is. `in_url` are those that stand in the URL's host or path, where a client id is only what is called so.
    pub(super) fn roles(&self, in_url: &[Piece]) -> Vec<Role> {
        let best = |rank: &dyn Fn(usize, &Hole) -> u8| {
            let mut best = None;
            for (index, hole) in self.all.iter().enumerate() {
                let rank = rank(index, hole);
                if rank > 0 && best.is_none_or(|(_, known)| rank > known) {
                    best = Some((index, rank));
                }
            }
            best.map(|(index, _)| index)
        };
        let secret = best(&|_, hole| hole.secret_rank);
        let id = best(&|index, hole| match () {
            () if Some(index) == secret => 0,
            () if in_url.contains(&Piece::Hole(index)) && hole.id_rank < 90 => 0,
            () => hole.id_rank,
        });
        let role = |(index, hole): (usize, &Hole)| match () {
            () if Some(index) == secret => Role::ClientSecret,
            () if Some(index) == id => Role::ClientId,
            () if hole.secret_rank > 0 => Role::Secret,
            () if hole.real.is_some() => Role::Constant,
            () => Role::Variable,
        };
        self.all.iter().enumerate().map(role).collect()
    }
}
