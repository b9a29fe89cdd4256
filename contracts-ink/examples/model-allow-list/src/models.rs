//! The models that a patient allows.

use ink::prelude::vec::Vec;
use policy::ModelId;

/// The maximum number of models on a patient's list.
pub const MAX_MODELS: usize = 16;

/// A patient's list of models, each once. An empty list allows none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[ink::scale_derive(Encode, Decode, TypeInfo)]
pub struct Models(Vec<ModelId>);

policy::stored_whole!(Models);

/// Why the list was not changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[ink::scale_derive(Encode, Decode, TypeInfo)]
pub enum ModelError {
    /// The model is already on the list.
    AlreadyAllowed,
    /// The model is not on the list, so there is nothing to remove.
    NotAllowed,
    /// The list has 16 models, the maximum. Remove one first.
    MaxModelsExceeded,
}

impl Models {
    /// Returns whether a model is on the list.
    pub fn contains(&self, model: ModelId) -> bool {
        self.0.contains(&model)
    }

    /// Adds a model.
    ///
    /// # Errors
    /// [`ModelError::AlreadyAllowed`] and [`ModelError::MaxModelsExceeded`].
    pub fn add(&mut self, model: ModelId) -> Result<(), ModelError> {
        if self.contains(model) {
            return Err(ModelError::AlreadyAllowed);
        }
        if self.0.len() >= MAX_MODELS {
            return Err(ModelError::MaxModelsExceeded);
        }
        self.0.push(model);
        Ok(())
    }

    /// Removes a model.
    ///
    /// # Errors
    /// [`ModelError::NotAllowed`].
    pub fn remove(&mut self, model: ModelId) -> Result<(), ModelError> {
        let place = self.0.iter().position(|one| *one == model);
        self.0.swap_remove(place.ok_or(ModelError::NotAllowed)?);
        Ok(())
    }
}

impl From<Models> for Vec<ModelId> {
    fn from(models: Models) -> Self {
        models.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_list_allows_no_model() {
        for model in [0, 1, u32::MAX] {
            assert!(!Models::default().contains(ModelId(model)));
        }
    }

    #[test]
    fn boundary_of_the_number_of_models() {
        let mut models = Models::default();
        for model in 0..MAX_MODELS as u32 {
            assert_eq!(models.add(ModelId(model)), Ok(()));
            assert_eq!(models.add(ModelId(model)), Err(ModelError::AlreadyAllowed));
        }
        let one_more = ModelId(MAX_MODELS as u32);
        assert_eq!(models.add(one_more), Err(ModelError::MaxModelsExceeded));
        assert!(!models.contains(one_more));
        // A removal frees a place.
        assert_eq!(models.remove(ModelId(3)), Ok(()));
        assert_eq!(models.add(one_more), Ok(()));
        let expected = (0..=MAX_MODELS as u32).filter(|model| *model != 3);
        let mut all = Vec::from(models);
        all.sort();
        assert_eq!(all, expected.map(ModelId).collect::<Vec<_>>());
    }

    #[test]
    fn a_removal_takes_exactly_one_model() {
        let mut models = Models::default();
        assert_eq!(models.remove(ModelId(1)), Err(ModelError::NotAllowed));
        for model in [1, 2, 3] {
            models.add(ModelId(model)).unwrap();
        }
        models.remove(ModelId(1)).unwrap();
        assert_eq!(models.remove(ModelId(1)), Err(ModelError::NotAllowed));
        let left = [1, 2, 3].map(|model| models.contains(ModelId(model)));
        assert_eq!(left, [false, true, true]);
    }
}
