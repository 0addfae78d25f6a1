"""The composition root: builds each room and hands it its neighbours."""
