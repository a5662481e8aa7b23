//! Finds the credentials and placeholders of an example, and decides which is the client id and which a secret.

use crate::curl::import::names::{asks, bracketed, hole, id_rank, secret_rank, snake};
use crate::profile::template::REFRESH_TOKEN;

/// A placeholder, or a credential with an example's value.
#[derive(Debug)]
pub(super) struct Hole {
    /// The name of the parameter or of the placeholder, in [`snake`] form.
    pub(super) label: String,
    id_rank: u8,
    secret_rank: u8,
    /// `None` for a placeholder.
    pub(super) real: Option<String>,
}

pub(super) type Text = Vec<Piece>;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Piece {
    Constant(String),
    /// Its index.
    Hole(usize),
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Role {
    ClientId,
    ClientSecret,
    /// A further secret, named by its label.
    Secret,
    /// A value that the user adds, named by its label.
    Variable,
    /// Looks like an id, but another one is the client's.
    Constant,
}

/// Above the rank of every name.
const BASIC_RANK: u8 = 200;

/// A shorter value may occur twice by chance.
const SHORTEST_UNIQUE: usize = 8;

#[derive(Debug, Default)]
pub(super) struct Holes {
    pub(super) all: Vec<Hole>,
}

impl Holes {
    /// Reads the value of the parameter or header field `name`.
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
            // `YOUR_API_KEY` under `username` is more specific than the name.
            return match hole(value) {
                Some((0, end, inside)) if end == value.len() => vec![self.asked(inside, &label)],
                Some(_) => self.text(value, &label),
                None => vec![self.add(label, id, secret, None)],
            };
        }
        // `"key": "de"`, `token=true`: too short for a credential unless the name is certain.
        if value.len() < 6 && id.max(secret) <= 50 {
            return vec![Piece::Constant(value.to_owned())];
        }
        vec![self.add(label, id, secret, Some(value.to_owned()))]
    }

    /// Adds a placeholder, under its own text or `label`, whichever ranks higher.
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

    /// Finds the placeholders in `text`; one without a name is called `label`.
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

    pub(super) fn basic_user(&mut self, value: &str) -> Piece {
        let real = (!asks("client_id", value)).then(|| value.to_owned());
        self.add("client_id".to_owned(), BASIC_RANK, 0, real)
    }

    pub(super) fn basic_password(&mut self, value: Option<&str>) -> Piece {
        let real = value.filter(|value| !asks("client_secret", value));
        self.add(
            "client_secret".to_owned(),
            0,
            BASIC_RANK,
            real.map(str::to_owned),
        )
    }

    /// Reads the credential after the scheme in `Authorization`.
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
                (Some(known), Some(new)) if known.len() >= SHORTEST_UNIQUE => known == new,
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

    /// The role of each hole. In the URL (`in_url`) only a hole that is named so is the client id.
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
        // A refresh token keeps its name: by that the new one is stored.
        let secret = best(&|_, hole| match hole.label.as_str() {
            REFRESH_TOKEN => 0,
            _ => hole.secret_rank,
        });
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
